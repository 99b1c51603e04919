"""Renders a local answer in the shape its request asked for: content or tool call, one body or a stream.

The whole answer exists before the first byte; nothing here decides anything.
"""

from dataclasses import dataclass
from hashlib import blake2b
from string import ascii_letters, digits

import orjson

from shadowbert.wire.output_ask import ToolChoice, Transport
from shadowbert.wire.request import Request
from shadowbert.wire.sse import DONE, frame

_ALNUM = ((digits + ascii_letters) * 5)[:256].encode("ascii")
"""A letter for every byte."""
_DETAILS = {
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 0,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}


@dataclass(frozen=True, slots=True)
class LocalAnswer:
    """A student's answer as JSON text, with what its envelope needs. `created` is in Unix seconds."""

    text: str
    model: str
    fingerprint: str
    prompt_tokens: int
    completion_tokens: int
    answer_id: str
    created: int


def render(request: Request, answer: LocalAnswer) -> tuple[bytes, list[bytes]]:
    """The content type and the body: one JSON document, or the frames of a stream in order."""
    if request.stream:
        return b"text/event-stream; charset=utf-8", _stream(request, answer)
    body = {
        **_envelope("chat.completion", answer),
        "choices": [
            {"index": 0, "message": _message(request, answer), "logprobs": None, "finish_reason": _finish(request)}
        ],
        "usage": _usage(answer),
    }
    return b"application/json", [orjson.dumps(body)]


def derived_id(prefix: str, length: int, answer_id: str) -> str:
    """`prefix` and `length` alphanumerics that follow from the answer's id: the same answer, the same id."""
    digest = blake2b(answer_id.encode(), digest_size=length, person=prefix.encode()[:16]).digest()
    return prefix + digest.translate(_ALNUM).decode("ascii")


def _envelope(kind: str, answer: LocalAnswer) -> dict[str, object]:
    return {
        "id": derived_id("chatcmpl-", 29, answer.answer_id),
        "object": kind,
        "created": answer.created,
        "model": answer.model,
        "service_tier": "default",
        "system_fingerprint": answer.fingerprint,
    }


def _message(request: Request, answer: LocalAnswer) -> dict[str, object]:
    call = _tool_call(request, answer, answer.text)
    said: dict[str, object] = {"role": "assistant", "content": None if call else answer.text}
    if call:
        said["tool_calls"] = [call]
    return {**said, "refusal": None, "annotations": []}


def _tool_call(request: Request, answer: LocalAnswer, arguments: str) -> dict[str, object] | None:
    output = request.output
    if output is None or output.transport is not Transport.TOOL:
        return None
    call_id = derived_id("call_", 24, answer.answer_id)
    return {"id": call_id, "type": "function", "function": {"name": output.name, "arguments": arguments}}


def _finish(request: Request) -> str:
    """OpenAI ends a named tool call with `stop`, a required one with `tool_calls` (vllm-project/vllm PR 25054)."""
    required = request.output is not None and request.output.tool_choice is ToolChoice.REQUIRED
    return "tool_calls" if required else "stop"


def _usage(answer: LocalAnswer) -> dict[str, object]:
    total = answer.prompt_tokens + answer.completion_tokens
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "total_tokens": total,
        **_DETAILS,
    }


def _stream(request: Request, answer: LocalAnswer) -> list[bytes]:
    envelope = _envelope("chat.completion.chunk", answer)
    if request.include_usage:
        envelope["usage"] = None
    deltas = [*_deltas(request, answer), {}]
    finishes = [None] * (len(deltas) - 1) + [_finish(request)]
    frames = [
        frame({**envelope, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]})
        for delta, finish in zip(deltas, finishes, strict=True)
    ]
    if request.include_usage:
        frames.append(frame({**envelope, "choices": [], "usage": _usage(answer)}))
    return [*frames, DONE]


def _deltas(request: Request, answer: LocalAnswer) -> list[dict[str, object]]:
    """The role first, then the whole answer at once. A tool call is named in the role's chunk."""
    opening = _tool_call(request, answer, "")
    if opening is None:
        return [{"role": "assistant", "content": "", "refusal": None}, {"content": answer.text}]
    calls = [{"index": 0, **opening}]
    return [
        {"role": "assistant", "content": None, "tool_calls": calls, "refusal": None},
        {"tool_calls": [{"index": 0, "function": {"arguments": answer.text}}]},
    ]
