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
    legacy: bool = False
    """The tool is a function of the legacy kind."""
    beside: Sequence[tuple[str, str]] = ()
    """Names and arguments of the tools called in parallel."""

    @property
    def spent(self) -> int:
        return max(1, len(self.text) // 4)

    @property
    def usage(self) -> dict[str, int]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.spent,
            "total_tokens": self.prompt_tokens + self.spent,
        }

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Name and arguments of each tool called."""
        return [] if self.tool is None else [(self.tool, self.text), *self.beside]


def whole(completion: Completion) -> bytes:
    """The reply to a request without `stream`."""
    message: dict[str, object] = {"role": "assistant", "content": completion.text, "refusal": None, "annotations": []}
    if completion.tool is not None:
        message |= {"content": None, **_called(completion, completion.calls)}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": completion.finish}
    return orjson.dumps({**_envelope(completion, ""), "choices": [choice], "usage": completion.usage})


def frames(completion: Completion, *, usage: bool, pieces: int = 4) -> list[bytes]:
    """The events of a stream in order, `data: [DONE]` last."""
    deltas: list[Mapping[str, object]] = [_opening(completion)]
    deltas += [_delta(completion, text) for text in cut(completion.text, pieces)]
    for index, call in enumerate(completion.beside, start=1):
        deltas.append({"tool_calls": [{"index": index, **_call(completion, index, *call)}]})
    payloads: list[Mapping[str, object]] = [
        {"choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}
        for delta, finish in [*((delta, None) for delta in deltas), ({}, completion.finish)]
    ]
    if usage:
        payloads.append({"choices": [], "usage": completion.usage})
    envelope = _envelope(completion, ".chunk")
    return [*(b"data: " + orjson.dumps({**envelope, **p}) + b"\n\n" for p in payloads), b"data: [DONE]\n\n"]


def whole_text(completion: Completion) -> bytes:
    """The reply of the legacy completions endpoint."""
    return orjson.dumps({**_text_envelope(completion, completion.text, completion.finish), "usage": completion.usage})


def text_frames(completion: Completion, pieces: int = 4) -> list[bytes]:
    """The same as a stream."""
    texts = [(text, None) for text in cut(completion.text, pieces)]
    events = [_text_envelope(completion, *text) for text in [*texts, ("", completion.finish)]]
    return [*(b"data: " + orjson.dumps(event) + b"\n\n" for event in events), b"data: [DONE]\n\n"]


def cut(text: str, pieces: int) -> Sequence[str]:
    """The text in about so many pieces."""
    size = max(1, -(-len(text) // pieces))
    return [text[start : start + size] for start in range(0, len(text), size)]


def _envelope(completion: Completion, kind: str) -> dict[str, object]:
    return {
        "id": f"chatcmpl-{completion.number:029d}",
        "object": f"chat.completion{kind}",
        "created": 1_763_876_543,
        "model": completion.model,
        "service_tier": "default",
        "system_fingerprint": FINGERPRINT,
    }


def _text_envelope(completion: Completion, text: str, finish: str | None) -> dict[str, object]:
    return {
        "id": f"cmpl-{completion.number:029d}",
        "object": "text_completion",
        "created": 1_763_876_543,
        "model": completion.model,
        "choices": [{"index": 0, "text": text, "logprobs": None, "finish_reason": finish}],
    }


def _called(completion: Completion, calls: Sequence[tuple[str, str]]) -> dict[str, object]:
    if completion.legacy:
        ((name, arguments),) = calls
        return {"function_call": {"name": name, "arguments": arguments}}
    return {"tool_calls": [_call(completion, index, *call) for index, call in enumerate(calls)]}


def _call(completion: Completion, index: int, name: str, arguments: str) -> dict[str, object]:
    function = {"name": name, "arguments": arguments}
    return {"id": f"call_{completion.number:020d}{index:04d}", "type": "function", "function": function}


def _opening(completion: Completion) -> dict[str, object]:
    if completion.tool is None:
        return {"role": "assistant", "content": "", "refusal": None}
    opening = {"role": "assistant", "content": None, "refusal": None}
    if completion.legacy:
        return {**opening, **_called(completion, [(completion.tool, "")])}
    return {**opening, "tool_calls": [{"index": 0, **_call(completion, 0, completion.tool, "")}]}


def _delta(completion: Completion, text: str) -> dict[str, object]:
    if completion.tool is None:
        return {"content": text}
    if completion.legacy:
        return {"function_call": {"arguments": text}}
    return {"tool_calls": [{"index": 0, "function": {"arguments": text}}]}
