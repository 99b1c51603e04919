"""Writes a local answer as a response of the Responses API: a message or a function call, one object or its events.

What the object repeats of the request comes with it as `echo`; where it says nothing, OpenAI's defaults stand.
"""

from collections.abc import Iterator, Mapping

import orjson

from shadowbert.wire.local_answer import OUR_RESPONSES, LocalAnswer, derived_id, token_logprobs
from shadowbert.wire.output_ask import OutputAsk, Transport
from shadowbert.wire.request import Request
from shadowbert.wire.sse import typed_frame

Event = tuple[str, dict[str, object]]
"""Its type and what it says."""

_DEFAULTS: Mapping[str, object] = {
    "background": False,
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
}


def responses_body(request: Request, answer: LocalAnswer) -> bytes:
    return orjson.dumps(_completed(request, answer, _item(request.output, answer)))


def responses_frames(request: Request, answer: LocalAnswer) -> list[bytes]:
    """Every event from `response.created` to `response.completed`, numbered from 0; the answer is one delta."""
    return [
        typed_frame(kind, {"sequence_number": number, **said})
        for number, (kind, said) in enumerate(_events(request, answer))
    ]


def _events(request: Request, answer: LocalAnswer) -> Iterator[Event]:
    item, begun = _item(request.output, answer), _response(request, answer, "in_progress")
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    yield from _call_events(item, answer.text) if item["type"] == "function_call" else _message_events(item, answer)
    yield "response.output_item.done", {"output_index": 0, "item": item}
    yield "response.completed", {"response": _completed(request, answer, item)}


def _message_events(item: Mapping[str, object], answer: LocalAnswer) -> Iterator[Event]:
    yield "response.output_item.added", {"output_index": 0, "item": {**item, "status": "in_progress", "content": []}}
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    part = _part(answer)
    yield "response.content_part.added", {**place, "part": {**part, "text": "", "logprobs": []}}
    yield "response.output_text.delta", {**place, "delta": answer.text, "logprobs": part["logprobs"]}
    yield "response.output_text.done", {**place, "text": answer.text, "logprobs": part["logprobs"]}
    yield "response.content_part.done", {**place, "part": part}


def _call_events(item: Mapping[str, object], arguments: str) -> Iterator[Event]:
    yield "response.output_item.added", {"output_index": 0, "item": {**item, "status": "in_progress", "arguments": ""}}
    place = {"item_id": item["id"], "output_index": 0}
    yield "response.function_call_arguments.delta", {**place, "delta": arguments}
    yield "response.function_call_arguments.done", {**place, "name": item["name"], "arguments": arguments}


def _item(output: OutputAsk | None, answer: LocalAnswer) -> dict[str, object]:
    """The only item of the output, as it stands in the end."""
    if output is None or output.transport is Transport.CONTENT:
        return {
            "id": derived_id("msg_", 48, answer.answer_id),
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [_part(answer)],
        }
    return {
        "id": derived_id("fc_", 48, answer.answer_id),
        "type": "function_call",
        "status": "completed",
        "call_id": derived_id("call_", 24, answer.answer_id),
        "name": output.name,
        "arguments": answer.text,
    }


def _part(answer: LocalAnswer) -> dict[str, object]:
    logprobs = token_logprobs(answer.logprobs or ())
    return {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": logprobs}


def _response(request: Request, answer: LocalAnswer, status: str) -> dict[str, object]:
    """The object without output or usage: a stream begins with it."""
    return {
        **_DEFAULTS,
        **request.echo,
        "id": derived_id(OUR_RESPONSES, 38, answer.answer_id),
        "object": "response",
        "created_at": answer.created,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": answer.model,
        "output": [],
        "service_tier": "default",
    }


def _completed(request: Request, answer: LocalAnswer, item: Mapping[str, object]) -> dict[str, object]:
    response, usage = _response(request, answer, "completed"), _usage(answer)
    return {**response, "completed_at": answer.created, "output": [item], "usage": usage}


def _usage(answer: LocalAnswer) -> dict[str, object]:
    return {
        "input_tokens": answer.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": answer.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
    }
