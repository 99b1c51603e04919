"""Writes a local answer as a chat completion: content, tool call or legacy function call, one body or a stream."""

from collections.abc import Mapping

import orjson

from shadowbert.wire.local_answer import LocalAnswer, derived_id, token_logprobs
from shadowbert.wire.output_ask import OutputAsk, ToolChoice, Transport
from shadowbert.wire.request import Request
from shadowbert.wire.sse import DONE, frame

_DETAILS: Mapping[str, object] = {
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 0,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}


def chat_body(request: Request, answer: LocalAnswer) -> bytes:
    choice = {
        "index": 0,
        "message": {**_message(request.output, answer), "refusal": None, "annotations": []},
        "logprobs": _logprobs(request.output, answer),
        "finish_reason": _finish(request.output, answer),
    }
    return orjson.dumps({**_envelope("chat.completion", answer), "choices": [choice], "usage": _usage(answer)})


def chat_frames(request: Request, answer: LocalAnswer) -> list[bytes]:
    """The role first, then the whole answer at once, then why it ends; usage only where it was asked for."""
    envelope = _envelope("chat.completion.chunk", answer)
    if request.include_usage:
        envelope["usage"] = None
    choices: list[dict[str, object]] = [
        {"index": 0, "delta": _opening(request.output, answer), "logprobs": None, "finish_reason": None},
        {
            "index": 0,
            "delta": _delta(request.output, answer.text),
            "logprobs": _logprobs(request.output, answer),
            "finish_reason": None,
        },
        {"index": 0, "delta": {}, "logprobs": None, "finish_reason": _finish(request.output, answer)},
    ]
    frames = [frame({**envelope, "choices": [choice]}) for choice in choices]
    if request.include_usage:
        frames.append(frame({**envelope, "choices": [], "usage": _usage(answer)}))
    return [*frames, DONE]


def _envelope(kind: str, answer: LocalAnswer) -> dict[str, object]:
    return {
        "id": derived_id("chatcmpl-", 29, answer.answer_id),
        "object": kind,
        "created": answer.created,
        "model": answer.model,
        "service_tier": "default",
        "system_fingerprint": answer.fingerprint,
    }


def _message(output: OutputAsk | None, answer: LocalAnswer) -> dict[str, object]:
    match output:
        case OutputAsk(transport=Transport.TOOL, name=name):
            return {"role": "assistant", "content": None, "tool_calls": [_tool_call(name, answer, answer.text)]}
        case OutputAsk(transport=Transport.FUNCTION, name=name):
            return {"role": "assistant", "content": None, "function_call": {"name": name, "arguments": answer.text}}
    return {"role": "assistant", "content": answer.text}


def _opening(output: OutputAsk | None, answer: LocalAnswer) -> dict[str, object]:
    """The role's chunk; a call is named in it."""
    match output:
        case OutputAsk(transport=Transport.TOOL, name=name):
            calls = [{"index": 0, **_tool_call(name, answer, "")}]
            return {"role": "assistant", "content": None, "tool_calls": calls, "refusal": None}
        case OutputAsk(transport=Transport.FUNCTION, name=name):
            call = {"name": name, "arguments": ""}
            return {"role": "assistant", "content": None, "function_call": call, "refusal": None}
    return {"role": "assistant", "content": "", "refusal": None}


def _delta(output: OutputAsk | None, text: str) -> dict[str, object]:
    match output:
        case OutputAsk(transport=Transport.TOOL):
            return {"tool_calls": [{"index": 0, "function": {"arguments": text}}]}
        case OutputAsk(transport=Transport.FUNCTION):
            return {"function_call": {"arguments": text}}
    return {"content": text}


def _tool_call(name: str, answer: LocalAnswer, arguments: str) -> dict[str, object]:
    call_id = derived_id("call_", 24, answer.answer_id)
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def _logprobs(output: OutputAsk | None, answer: LocalAnswer) -> dict[str, object] | None:
    called = output is not None and output.transport is not Transport.CONTENT
    return None if answer.logprobs is None or called else {"content": token_logprobs(answer.logprobs), "refusal": None}


def _finish(output: OutputAsk | None, answer: LocalAnswer) -> str:
    """OpenAI ends a named call with `stop`, a required or free one with its own word (vllm-project/vllm PR 25054)."""
    if answer.finish_reason is not None:
        return answer.finish_reason
    if output is None or output.tool_choice in (None, ToolChoice.NAMED):
        return "stop"
    return "function_call" if output.transport is Transport.FUNCTION else "tool_calls"


def _usage(answer: LocalAnswer) -> dict[str, object]:
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        **_DETAILS,
    }
