"""Chat completions as OpenAI sends them, with any answer text: what a simulated teacher says, in its own envelope.

Written apart from the renderer of local answers on purpose: a test that compares the two compares two hands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

MODEL = "gpt-4o-2024-08-06"
FINGERPRINT = "fp_0123456789"


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer of the teacher. `tool` is the name of the tool called with it, None for plain content."""

    text: str
    number: int
    prompt_tokens: int
    model: str = MODEL
    tool: str | None = None
    finish: str = "stop"

    @property
    def usage(self) -> dict[str, int]:
        spent = max(1, len(self.text) // 4)
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": spent,
            "total_tokens": self.prompt_tokens + spent,
        }


def whole(completion: Completion) -> bytes:
    """The reply to a request without `stream`."""
    message: dict[str, object] = {"role": "assistant", "content": completion.text, "refusal": None, "annotations": []}
    if completion.tool is not None:
        message |= {"content": None, "tool_calls": [_call(completion, completion.text)]}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": completion.finish}
    return orjson.dumps({**_envelope(completion, ""), "choices": [choice], "usage": completion.usage})


def frames(completion: Completion, *, usage: bool, pieces: int = 4) -> list[bytes]:
    """The events of a stream in order, `data: [DONE]` last."""
    deltas = [_opening(completion), *(_delta(completion, text) for text in _cut(completion.text, pieces)), {}]
    finishes = [None] * (len(deltas) - 1) + [completion.finish]
    payloads: list[Mapping[str, object]] = [
        {"choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}
        for delta, finish in zip(deltas, finishes, strict=True)
    ]
    if usage:
        payloads.append({"choices": [], "usage": completion.usage})
    envelope = _envelope(completion, ".chunk")
    return [*(b"data: " + orjson.dumps({**envelope, **p}) + b"\n\n" for p in payloads), b"data: [DONE]\n\n"]


def _envelope(completion: Completion, kind: str) -> dict[str, object]:
    return {
        "id": f"chatcmpl-{completion.number:029d}",
        "object": f"chat.completion{kind}",
        "created": 1_763_876_543,
        "model": completion.model,
        "service_tier": "default",
        "system_fingerprint": FINGERPRINT,
    }


def _call(completion: Completion, arguments: str) -> dict[str, object]:
    function = {"name": completion.tool, "arguments": arguments}
    return {"id": f"call_{completion.number:024d}", "type": "function", "function": function}


def _opening(completion: Completion) -> dict[str, object]:
    if completion.tool is None:
        return {"role": "assistant", "content": "", "refusal": None}
    calls = [{"index": 0, **_call(completion, "")}]
    return {"role": "assistant", "content": None, "tool_calls": calls, "refusal": None}


def _delta(completion: Completion, text: str) -> dict[str, object]:
    if completion.tool is None:
        return {"content": text}
    return {"tool_calls": [{"index": 0, "function": {"arguments": text}}]}


def _cut(text: str, pieces: int) -> Sequence[str]:
    size = max(1, -(-len(text) // pieces))
    return [text[start : start + size] for start in range(0, len(text), size)]
