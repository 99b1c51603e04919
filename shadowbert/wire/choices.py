"""Puts a reply with choices together, from one document or the chunks of a stream; says nothing of what it means.

Only the choice with index 0 is read, and a tool call only where it is the only one.
"""

from collections.abc import Callable, Mapping

from shadowbert.wire.reply import Reply
from shadowbert.wire.sse import objects_of
from shadowbert.wire.tolerant import as_count, as_list, as_object, as_text, parse_object

Said = Callable[[Mapping[str, object]], Mapping[str, object]]
"""What a choice says, as a chat message or a part of one."""

_LEGACY_CALL = -1
"""The place of a `function_call` among the tool calls, which count from 0."""


def read_choices(plain: bytes, *, streamed: bool, said: Said) -> Reply | None:
    """Of the decoded body, one JSON document or a stream; None where no choice came."""
    assembly = _Assembly(said)
    for part in objects_of(plain) if streamed else [parse_object(plain)]:
        if part is None:
            assembly.failed = True
        else:
            assembly.add(part)
    return assembly.reply()


class _Assembly:
    """A reply under construction: texts grow, the first name of a thing stays."""

    def __init__(self, said: Said) -> None:
        self._said = said
        self.texts: dict[str, list[str]] = {"content": [], "refusal": []}
        self.calls: dict[int, _Call] = {}
        self.finish_reason: str | None = None
        self.choices: set[object] = set()
        self.failed = False
        self.model: str | None = None
        self.system_fingerprint: str | None = None
        self.service_tier: str | None = None
        self.usage: dict[str, object] = {}

    def add(self, part: Mapping[str, object]) -> None:
        self.failed = self.failed or bool(part.get("error"))
        self.model = self.model or as_text(part.get("model"))
        self.system_fingerprint = self.system_fingerprint or as_text(part.get("system_fingerprint"))
        self.service_tier = self.service_tier or as_text(part.get("service_tier"))
        self.usage = as_object(part.get("usage")) or self.usage
        for choice in map(as_object, as_list(part.get("choices"))):
            index = as_count(choice.get("index", 0))
            self.choices.add(index)
            if index == 0:
                self.finish_reason = as_text(choice.get("finish_reason")) or self.finish_reason
                self._say(self._said(choice))

    def _say(self, said: Mapping[str, object]) -> None:
        for key, pieces in self.texts.items():
            pieces.append(as_text(said.get(key)) or "")
        for position, call in enumerate(map(as_object, as_list(said.get("tool_calls")))):
            index = as_count(call.get("index"))
            self._call(position if index is None else index, as_object(call.get("function")))
        if legacy := as_object(said.get("function_call")):
            self._call(_LEGACY_CALL, legacy)

    def _call(self, index: int, function: Mapping[str, object]) -> None:
        self.calls.setdefault(index, _Call()).add(function)

    def reply(self) -> Reply | None:
        if 0 not in self.choices:
            return None
        call = next(iter(self.calls.values())) if len(self.calls) == 1 else None
        return Reply(
            content="".join(self.texts["content"]) or None,
            arguments="".join(call.arguments) if call else None,
            tool_name=call.name if call else None,
            finish_reason=self.finish_reason,
            refusal="".join(self.texts["refusal"]) or None,
            model=self.model,
            system_fingerprint=self.system_fingerprint,
            prompt_tokens=as_count(self.usage.get("prompt_tokens")),
            completion_tokens=as_count(self.usage.get("completion_tokens")),
            complete=self.finish_reason is not None and not self.failed,
            choices=len(self.choices),
            service_tier=self.service_tier,
        )


class _Call:
    """A function call under construction."""

    def __init__(self) -> None:
        self.name: str | None = None
        self.arguments: list[str] = []

    def add(self, function: Mapping[str, object]) -> None:
        self.name = self.name or as_text(function.get("name"))
        self.arguments.append(as_text(function.get("arguments")) or "")
