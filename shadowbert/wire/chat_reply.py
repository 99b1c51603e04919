"""Reads a chat completion reply, JSON or streamed, into one value; says nothing of what the answer means.

Only the choice with index 0 is read, and a tool call only where it is the only one.
"""

from collections.abc import Iterable

from shadowbert.wire.reply import Reply
from shadowbert.wire.sse import data_of
from shadowbert.wire.tolerant import as_count, as_list, as_object, as_text, parse_object


def read_chat_reply(plain: bytes, streamed: bool) -> Reply | None:  # noqa: FBT001 - one of an endpoint's readers
    """Of the decoded body, one JSON document or a stream."""
    if not streamed:
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
        self.service_tier: str | None = None
        self.usage: dict[str, object] = {}

    def add(self, part: dict[str, object], key: str) -> None:
        self.failed = self.failed or bool(part.get("error"))
        self.model = self.model or as_text(part.get("model"))
        self.system_fingerprint = self.system_fingerprint or as_text(part.get("system_fingerprint"))
        self.service_tier = self.service_tier or as_text(part.get("service_tier"))
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

    def reply(self) -> Reply | None:
        if 0 not in self.choices:
            return None
        name, arguments = next(iter(self.calls.values())) if len(self.calls) == 1 else (None, None)
        return Reply(
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
            service_tier=self.service_tier,
        )


def _assemble(parts: Iterable[dict[str, object] | None], key: str) -> Reply | None:
    assembly = _Assembly()
    for part in parts:
        if part is None:
            assembly.failed = True
        else:
            assembly.add(part, key)
    return assembly.reply()
