"""Reads a reply of the Responses API, one object or its events; says nothing of what the answer means.

Of a stream the object in its last event counts, and the deltas only where that never came.
"""

from collections.abc import Mapping
from types import MappingProxyType

from shadowbert.wire.reply import Reply
from shadowbert.wire.sse import objects_of
from shadowbert.wire.tolerant import as_count, as_list, as_object, as_text, parse_object

_INCOMPLETE: Mapping[str, str] = MappingProxyType(
    {"max_output_tokens": "length", "content_filter": "content_filter"},
)
_DELTAS: Mapping[str, str] = MappingProxyType(
    {
        "response.output_text.delta": "output_text",
        "response.refusal.delta": "refusal",
        "response.function_call_arguments.delta": "function_call",
    }
)


def read_responses_reply(plain: bytes, streamed: bool) -> Reply | None:  # noqa: FBT001 - one of an endpoint's readers
    """Of the decoded body, one JSON document or a stream; never raises."""
    if streamed:
        return _read_stream(plain)
    response = parse_object(plain)
    return None if response is None or not isinstance(response.get("output"), list) else _reply(response)


def _read_stream(plain: bytes) -> Reply | None:
    events = _Events()
    for event in objects_of(plain):
        if event is None:
            events.failed = True
        else:
            events.add(event)
    response = events.response()
    return None if response is None else _reply(response, failed=events.failed)


class _Events:
    """A response under construction."""

    def __init__(self) -> None:
        self.failed = False
        self._response: dict[str, object] = {}
        """As the latest event holds it whole: at first without output, at last complete."""
        self._items: dict[int, _Item] = {}

    def add(self, event: Mapping[str, object]) -> None:
        kind = as_text(event.get("type")) or ""
        self._response = as_object(event.get("response")) or self._response
        self.failed = self.failed or kind == "error" or bool(event.get("error"))
        if kind in _DELTAS:
            self._item(event).pieces[_DELTAS[kind]].append(as_text(event.get("delta")) or "")
        elif kind in ("response.output_item.added", "response.output_item.done"):
            item = self._item(event)
            item.stated, item.done = as_object(event.get("item")), kind.endswith("done")

    def _item(self, event: Mapping[str, object]) -> "_Item":
        return self._items.setdefault(as_count(event.get("output_index")) or 0, _Item())

    def response(self) -> Mapping[str, object] | None:
        if not self._response and not self._items:
            return None
        return self._response if self._response.get("output") else {**self._response, "output": self._output()}

    def _output(self) -> list[object]:
        return [self._items[index].whole() for index in sorted(self._items)]


class _Item:
    """An item of the output: as it was stated, and the pieces of its text."""

    def __init__(self) -> None:
        self.stated: Mapping[str, object] = {}
        self.done = False
        self.pieces: dict[str, list[str]] = {kind: [] for kind in _DELTAS.values()}

    def whole(self) -> Mapping[str, object]:
        if self.done:
            return self.stated
        texts = {kind: "".join(pieces) for kind, pieces in self.pieces.items()}
        if arguments := texts["function_call"]:
            return {"type": "function_call", "name": self.stated.get("name"), "arguments": arguments}
        parts = [
            {"type": "output_text", "text": texts["output_text"]},
            {"type": "refusal", "refusal": texts["refusal"]},
        ]
        return {"type": "message", **self.stated, "content": parts}


def _reply(response: Mapping[str, object], *, failed: bool = False) -> Reply:
    items = [as_object(item) for item in as_list(response.get("output"))]
    messages = [item for item in items if item.get("type") == "message"]
    calls = [item for item in items if item.get("type") == "function_call"]
    message, call = _only(messages), _only(calls)
    usage = as_object(response.get("usage"))
    finish = None if failed or response.get("error") else _finish(response, called=bool(calls))
    return Reply(
        content=_said(message, "output_text", "text"),
        arguments=as_text(call.get("arguments")),
        tool_name=as_text(call.get("name")),
        finish_reason=finish,
        refusal=_said(message, "refusal", "refusal"),
        model=as_text(response.get("model")),
        system_fingerprint=None,
        prompt_tokens=as_count(usage.get("input_tokens")),
        completion_tokens=as_count(usage.get("output_tokens")),
        complete=finish is not None,
        service_tier=as_text(response.get("service_tier")),
    )


def _only(items: list[dict[str, object]]) -> dict[str, object]:
    """The only one of its kind: of several, none is the answer."""
    return items[0] if len(items) == 1 else {}


def _said(message: Mapping[str, object], kind: str, key: str) -> str | None:
    parts = [as_object(part) for part in as_list(message.get("content"))]
    return "".join(as_text(part.get(key)) or "" for part in parts if part.get("type") == kind) or None


def _finish(response: Mapping[str, object], *, called: bool) -> str | None:
    """Why it ended, in chat's words; None where it did not end, or failed."""
    status = response.get("status")
    if status == "incomplete":
        reason = as_text(as_object(response.get("incomplete_details")).get("reason"))
        return _INCOMPLETE.get(reason or "")
    if status != "completed":
        return None
    return "tool_calls" if called else "stop"
