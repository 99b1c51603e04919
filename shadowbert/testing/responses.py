"""Responses objects and their event streams as OpenAI sends them: the teacher's answer in the Responses API's envelope.

Written apart from the renderer of local answers on purpose, like its sibling for chat.
"""

from collections.abc import Mapping

import orjson

from shadowbert.testing.completions import Completion, cut

_ECHOED: Mapping[str, object] = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""What a response repeats of its request, and what it says where that was silent."""


def whole_response(completion: Completion, asked: Mapping[str, object]) -> bytes:
    """The reply to a request without `stream`."""
    return orjson.dumps(_response(completion, asked, done=True))


def response_frames(completion: Completion, asked: Mapping[str, object], *, pieces: int = 4) -> list[bytes]:
    """The events of a stream in order; there is no `[DONE]` here."""
    opened, closed = _response(completion, asked, done=False), _response(completion, asked, done=True)
    events: list[dict[str, object]] = [
        {"type": "response.created", "response": opened},
        {"type": "response.in_progress", "response": opened},
    ]
    for index, item in enumerate(_items(completion)):
        events += _item_events(item, index, pieces)
    events.append({"type": "response.completed", "response": closed})
    return [_frame({**event, "sequence_number": number}) for number, event in enumerate(events)]


def _frame(event: Mapping[str, object]) -> bytes:
    return b"event: " + str(event["type"]).encode() + b"\ndata: " + orjson.dumps(event) + b"\n\n"


def _response(completion: Completion, asked: Mapping[str, object], *, done: bool) -> dict[str, object]:
    echoed = {key: default if asked.get(key) is None else asked[key] for key, default in _ECHOED.items()}
    echoed["text"] = {"format": {"type": "text"}, **_object(asked.get("text"))}
    return {
        "id": f"resp_{completion.number:048x}",
        "object": "response",
        "created_at": 1_763_876_543,
        "status": "completed" if done else "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": completion.model,
        "output": _items(completion) if done else [],
        "service_tier": "default" if done else "auto",
        **echoed,
        "usage": _usage(completion) if done else None,
    }


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _usage(completion: Completion) -> dict[str, object]:
    return {
        "input_tokens": completion.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": completion.spent,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": completion.prompt_tokens + completion.spent,
    }


def _items(completion: Completion) -> list[dict[str, object]]:
    if completion.tool is None:
        part = {"type": "output_text", "text": completion.text, "annotations": [], "logprobs": []}
        message = {"type": "message", "status": "completed", "role": "assistant", "content": [part]}
        return [{"id": f"msg_{completion.number:048x}", **message}]
    return [
        {
            "id": f"fc_{completion.number:044x}{index:04x}",
            "type": "function_call",
            "status": "completed",
            "arguments": arguments,
            "call_id": f"call_{completion.number:020d}{index:04d}",
            "name": name,
        }
        for index, (name, arguments) in enumerate(completion.calls)
    ]


def _item_events(item: Mapping[str, object], index: int, pieces: int) -> list[dict[str, object]]:
    empty: Mapping[str, object] = {"content": []} if item["type"] == "message" else {"arguments": ""}
    opened = {**item, **empty, "status": "in_progress"}
    told = _message_events if item["type"] == "message" else _call_events
    return [
        {"type": "response.output_item.added", "output_index": index, "item": opened},
        *told(item, {"item_id": item["id"], "output_index": index}, pieces),
        {"type": "response.output_item.done", "output_index": index, "item": item},
    ]


def _message_events(item: Mapping[str, object], place: Mapping[str, object], pieces: int) -> list[dict[str, object]]:
    content = item["content"]
    part = content[0] if isinstance(content, list) else {}
    where, text = {**place, "content_index": 0}, str(part["text"])
    return [
        {"type": "response.content_part.added", **where, "part": {**part, "text": ""}},
        *(
            {"type": "response.output_text.delta", **where, "delta": piece, "logprobs": []}
            for piece in cut(text, pieces)
        ),
        {"type": "response.output_text.done", **where, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **where, "part": part},
    ]


def _call_events(item: Mapping[str, object], place: Mapping[str, object], pieces: int) -> list[dict[str, object]]:
    arguments = str(item["arguments"])
    done = {"type": "response.function_call_arguments.done", **place, "arguments": arguments, "name": item["name"]}
    return [
        *(
            {"type": "response.function_call_arguments.delta", **place, "delta": piece}
            for piece in cut(arguments, pieces)
        ),
        done,
    ]
