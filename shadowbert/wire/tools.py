"""Reads which function a request makes the model call: by tools, nested (chat) or flat (Responses), or by `functions`.

Knows nothing of schemas.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shadowbert.wire.output_ask import ToolChoice, Transport
from shadowbert.wire.tolerant import as_list, as_object, as_text

_PLAIN = frozenset(("type", "name", "description", "parameters", "strict"))
_NOTHING: tuple[None, list[object]] = (None, [])
_IDLE = (None, "none", "auto")

Holder = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Tools:
    """What the model may or must call. `functions` has one entry a tool, an empty one where it is no plain function."""

    transport: Transport
    functions: Sequence[Holder]
    choice: ToolChoice | None
    """None where the model is to call none, or chooses in a way that we do not know."""
    name: str | None = None
    """Of the function that must be called, where the choice is NAMED."""

    def called(self) -> Holder | None:
        """The only function that the model can be meant to call."""
        fitting = self.functions
        if self.choice is ToolChoice.NAMED:
            fitting = [function for function in fitting if function.get("name") == self.name]
        return fitting[0] if self.choice is not None and len(fitting) == 1 else None


def read_tools(tools: object, choice: object, *, nested: bool) -> Tools | None:
    """None where there are none and none is asked for. `nested`: what a tool says stands below its key `function`."""
    if tools in _NOTHING and choice in _IDLE:
        return None
    functions = [_function(as_object(tool), nested=nested) for tool in as_list(tools)]
    name = as_text(_function(as_object(choice), nested=nested).get("name"))
    return Tools(Transport.TOOL, functions, _choice(choice, name), name)


def read_functions(functions: object, call: object) -> Tools | None:
    """The legacy `functions` and `function_call`."""
    if functions in _NOTHING and call in _IDLE:
        return None
    name = as_text(as_object(call).get("name"))
    return Tools(Transport.FUNCTION, [_plain(as_object(f)) for f in as_list(functions)], _choice(call, name), name)


def _choice(choice: object, name: str | None) -> ToolChoice | None:
    if name is not None:
        return ToolChoice.NAMED
    return ToolChoice.REQUIRED if choice == "required" else ToolChoice.AUTO if choice in (None, "auto") else None


def _function(tool: Holder, *, nested: bool) -> Holder:
    if tool.get("type") != "function":
        return {}
    return _plain(as_object(tool.get("function")) if nested else tool)


def _plain(function: Holder) -> Holder:
    """Empty where it says more than a name, a schema and what they mean."""
    plain = function.keys() <= _PLAIN or all(value is None for key, value in function.items() if key not in _PLAIN)
    return function if plain else {}
