"""Reads a chat completion reply, JSON or streamed, into one value; says nothing of what the answer means.

Only the choice with index 0 is read, and a tool call only where it is the only one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from shadowbert.wire.encoding import decode
from shadowbert.wire.sse import data_of
from shadowbert.wire.tolerant import as_count, as_list, as_object, as_text, parse_object


@dataclass(frozen=True, slots=True)
class ChatReply:
    """What the teacher said. Empty texts are None: streams begin with an empty delta and mean nothing by it."""

    content: str | None
    arguments: str | None
    """The arguments of the only tool call, as JSON text."""
    tool_name: str | None
    finish_reason: str | None
    refusal: str | None
    model: str | None
    system_fingerprint: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    complete: bool
    """A finish reason came and no error after it."""
    choices: int = 1
    """How many answers the reply holds; only the first is read."""


def read_chat_reply(body: bytes, *, content_type: str, content_encoding: str) -> ChatReply | None:
    """None where no reply can be made out (an error body, another encoding); never raises."""
    plain = decode(body, content_encoding)
    if plain is None:
        return None
    if "event-stream" not in content_type.lower() and plain.lstrip()[:1] == b"{":
        return _assemble([parse_object(plain)], "message")
    chunks = (parse_object(data) for data in data_of(plain) if data != b"[DONE]")
    return _assemble(chunks, "delta")


class _Assembly:
    """A reply under construction: texts grow, the first name of a thing stays."""

    def __init__(self) -> None:
        self.texts = {"content": "", "refusal": ""}
        self.calls: dict[int, tuple[str | None, str]] = {}
        self.finish_reason: str | None = None
        self.choices: set[object] = set()
        self.failed = False
        self.model: str | None = None
        self.system_fingerprint: str | None = None
        self.usage: dict[str, object] = {}

    def add(self, part: dict[str, object], key: str) -> None:
        self.failed = self.failed or bool(part.get("error"))
        self.model = self.model or as_text(part.get("model"))
        self.system_fingerprint = self.system_fingerprint or as_text(part.get("system_fingerprint"))
        self.usage = as_object(part.get("usage")) or self.usage
        for choice in map(as_object, as_list(part.get("choices"))):
            self.choices.add(choice.get("index", 0))
            if choice.get("index", 0) == 0:
                self.finish_reason = as_text(choice.get("finish_reason")) or self.finish_reason
                self._say(as_object(choice.get(key)))

    def _say(self, said: dict[str, object]) -> None:
        for key in self.texts:
            self.texts[key] += as_text(said.get(key)) or ""
        for position, call in enumerate(map(as_object, as_list(said.get("tool_calls")))):
            index = as_count(call.get("index"))
            index = position if index is None else index
            function = as_object(call.get("function"))
            name, arguments = self.calls.get(index, (None, ""))
            self.calls[index] = (
                name or as_text(function.get("name")),
                arguments + (as_text(function.get("arguments")) or ""),
            )

    def reply(self) -> ChatReply | None:
        if 0 not in self.choices:
            return None
        name, arguments = next(iter(self.calls.values())) if len(self.calls) == 1 else (None, None)
        return ChatReply(
            content=self.texts["content"] or None,
            arguments=arguments,
            tool_name=name,
            finish_reason=self.finish_reason,
            refusal=self.texts["refusal"] or None,
            model=self.model,
            system_fingerprint=self.system_fingerprint,
            prompt_tokens=as_count(self.usage.get("prompt_tokens")),
            completion_tokens=as_count(self.usage.get("completion_tokens")),
            complete=self.finish_reason is not None and not self.failed,
            choices=len(self.choices),
        )


def _assemble(parts: Iterable[dict[str, object] | None], key: str) -> ChatReply | None:
    assembly = _Assembly()
    for part in parts:
        if part is None:
            assembly.failed = True
        else:
            assembly.add(part, key)
    return assembly.reply()
