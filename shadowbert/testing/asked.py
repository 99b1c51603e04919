"""What a request asks a simulated upstream for, read the way the API itself reads it.

Written apart from the product's own reader of requests on purpose. Decides nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import orjson

from shadowbert.testing.oracles import Schema


class Form(StrEnum):
    """The shape that an answer takes."""

    TEXT = "text"
    JSON = "json"  # an object of any shape
    SCHEMA = "schema"
    TOOL = "tool"
    FUNCTION = "function"  # the legacy `function_call`


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `tools` are the names and schemas of the tools to call with the answer, in order."""

    text: str
    form: Form = Form.TEXT
    schema: Schema | None = None
    tools: Sequence[tuple[str, Schema]] = ()
    named: bool = False
    """The tool or function was named by the request."""
    stream: bool = False
    usage: bool = False
    body: Mapping[str, object] | None = None
    """The request itself, for a reply that repeats parts of it."""


def read_chat(body: bytes) -> Asked | None:
    """None where the body is no chat request."""
    asked = _object(body)
    if asked is None or not isinstance(asked.get("messages"), list):
        return None
    form, schema, tools, named = _output(asked, asked.get("response_format"), "json_schema")
    return Asked(
        text=_text(asked["messages"]),
        form=form,
        schema=schema,
        tools=tools,
        named=named,
        stream=asked.get("stream") is True,
        usage=_part(asked, "stream_options").get("include_usage") is True,
        body=asked,
    )


def read_responses(body: bytes) -> Asked | None:
    """The same of the Responses API."""
    asked = _object(body)
    if asked is None or not isinstance(asked.get("input"), str | list):
        return None
    given, instructions = asked["input"], asked.get("instructions")
    texts = [text for text in (instructions, given) if isinstance(text, str)]
    text = "\n".join([*texts, *([_text(given)] if isinstance(given, list) else [])])
    form, schema, tools, named = _output(asked, _part(asked, "text").get("format"), None)
    return Asked(text, form, schema, tools, named, stream=asked.get("stream") is True, body=asked)


def read_completion(body: bytes) -> Asked | None:
    """The same of the legacy completions."""
    asked = _object(body)
    if asked is None or not isinstance(asked.get("prompt"), str):
        return None
    return Asked(str(asked["prompt"]), stream=asked.get("stream") is True, body=asked)


def _object(body: bytes) -> dict[str, object] | None:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return asked if isinstance(asked, dict) else None


def _part(holder: Mapping[str, object], key: str) -> Mapping[str, object]:
    part = holder.get(key)
    return part if isinstance(part, dict) else {}


def _text(messages: object) -> str:
    """All text of a prompt; a message's content is a string or a list of parts."""
    texts: list[str] = []
    for message in messages if isinstance(messages, list) else []:
        content = message.get("content")
        parts = content if isinstance(content, list) else [{"text": content}]
        texts += [part["text"] for part in parts if isinstance(part.get("text"), str)]
    return "\n".join(texts)


Output = tuple[Form, Schema | None, Sequence[tuple[str, Schema]], bool]


def _output(asked: Mapping[str, object], form: object, holder: str | None) -> Output:
    """A call of the tools on offer comes before a text, once; what a tool has returned is answered with text."""
    called = [] if _returned(asked) else _called(asked)
    if called:
        named = isinstance(asked.get("tool_choice"), dict)
        return Form.TOOL, None, called, named
    function = _function(asked)
    if function is not None:
        return Form.FUNCTION, None, [function], isinstance(asked.get("function_call"), dict)
    if isinstance(form, dict) and form.get("type") == "json_schema":
        schema = (form[holder] if holder else form)["schema"]
        return Form.SCHEMA, schema, (), False
    json = isinstance(form, dict) and form.get("type") == "json_object"
    return Form.JSON if json else Form.TEXT, None, (), False


def _called(asked: Mapping[str, object]) -> list[tuple[str, Schema]]:
    """The named tool; all of them where one must be called and several may be; else the first."""
    tools, choice = asked.get("tools"), asked.get("tool_choice")
    if not isinstance(tools, list) or choice == "none":
        return []
    offered = [_tool(tool) for tool in tools if tool.get("type") == "function"]
    if isinstance(choice, dict):
        name = choice.get("name") or _part(choice, "function").get("name")
        return [tool for tool in offered if tool[0] == name]
    several = choice == "required" and asked.get("parallel_tool_calls") is True
    return offered if several else offered[:1]


def _tool(tool: Mapping[str, object]) -> tuple[str, Schema]:
    """Chat wraps a tool in `function`, Responses does not."""
    function = _part(tool, "function") or tool
    return str(function["name"]), _part(function, "parameters")


def _function(asked: Mapping[str, object]) -> tuple[str, Schema] | None:
    functions, choice = asked.get("functions"), asked.get("function_call")
    if not isinstance(functions, list) or choice == "none":
        return None
    name = _part(asked, "function_call").get("name")
    return next((_tool(function) for function in functions if name in (None, function["name"])), None)


def _returned(asked: Mapping[str, object]) -> bool:
    """Whether the last thing said is a tool's result."""
    said = asked.get("messages") or asked.get("input")
    last = said[-1] if isinstance(said, list) and said else {}
    return last.get("role") == "tool" or last.get("type") == "function_call_output"
