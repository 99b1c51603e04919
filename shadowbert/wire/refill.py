"""Puts a prompt back into a request: the inverse of reading it. Everything else that may change the answer stays as it
is; streaming is switched off, and what names the caller or keeps the answer is left out. Knows no templates and sends
nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import orjson

from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.template import Message, Prompt
from shadowbert.wire.tolerant import as_object, as_text, parse_object

STREAMING = frozenset(("stream", "stream_options"))
CALLERS = frozenset(("user", "safety_identifier", "prompt_cache_key", "metadata", "store"))
"""Whose call it was, and what should become of it: none of the business of whoever asks it again."""
UPSTREAMS = ("previous_response_id", "conversation", "prompt", "background")
"""Of a Responses request: it goes on from what upstream keeps, and may write there."""

Body = Mapping[str, object]


def refill(endpoint: Endpoint, body: bytes, prompt: Prompt) -> bytes | None:
    """None where the body has not as many messages, of the same roles, as the prompt, or is not all that is asked."""
    parsed = parse_object(body)
    written = None if parsed is None else _WRITERS[endpoint](parsed, prompt)
    if parsed is None or written is None:
        return None
    kept = {key: value for key, value in parsed.items() if key not in STREAMING | CALLERS}
    return orjson.dumps({**kept, **written})


def _chat(body: Body, prompt: Prompt) -> Body | None:
    messages = _messages(body.get("messages"), prompt)
    return None if messages is None else {"messages": messages}


def _responses(body: Body, prompt: Prompt) -> Body | None:
    instructions, given = body.get("instructions"), body.get("input")
    if any(body.get(key) for key in UPSTREAMS):
        return None
    written: dict[str, object] = {"store": False}  # unless told so, upstream keeps every answer
    if instructions is not None:
        if not prompt or prompt[0].role != "instructions":
            return None
        written["instructions"], prompt = prompt[0].text, prompt[1:]
    if isinstance(given, str):
        alone = len(prompt) == 1 and prompt[0].role == "user"
        return {**written, "input": prompt[0].text} if alone else None
    items = _messages([] if given is None else given, prompt)
    return None if items is None else {**written, **({} if given is None else {"input": items})}


def _completions(body: Body, prompt: Prompt) -> Body | None:
    return {"prompt": prompt[0].text} if isinstance(body.get("prompt"), str) and len(prompt) == 1 else None


_WRITERS: Mapping[Endpoint, Callable[[Body, Prompt], Body | None]] = MappingProxyType(
    {Endpoint.CHAT: _chat, Endpoint.RESPONSES: _responses, Endpoint.COMPLETIONS: _completions}
)


def _messages(raws: object, prompt: Prompt) -> list[Body] | None:
    if not isinstance(raws, list) or len(raws) != len(prompt):
        return None
    written = [_message(as_object(raw), message) for raw, message in zip(raws, prompt, strict=True)]
    whole = [message for message in written if message is not None]
    return whole if len(whole) == len(written) else None


def _message(raw: Body, message: Message) -> Body | None:
    if raw.get("role") != message.role:
        return None
    content = raw.get("content")
    if isinstance(content, str):
        return {**raw, "content": message.text}
    parts = content if isinstance(content, list) else []
    texts = [text for part in parts if (text := as_text(as_object(part).get("text"))) is not None]
    return {**raw, "content": _parts(parts, texts, message.text)} if texts and len(texts) == len(parts) else None


def _parts(parts: Sequence[Body], texts: Sequence[str], text: str) -> list[Body]:
    """The parts that open and end the text as they did stay; what stands between them is one part.

    They are read joined by line feeds, so which part a line belonged to cannot be seen in the text itself.
    """
    first, last = 0, len(parts) - 1
    while first < last and text.startswith(texts[first] + "\n"):
        text = text.removeprefix(texts[first] + "\n")
        first += 1
    while first < last and text.endswith("\n" + texts[last]):
        text = text.removesuffix("\n" + texts[last])
        last -= 1
    return [*parts[:first], {**parts[first], "text": text}, *parts[last + 1 :]]
