from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.exchange import Endpoint
from shadowbert.wire.endpoints import read_reply
from shadowbert.wire.reply import Reply
from shadowbert.wire.sse import frame, typed_frame
from tests.wire.requests import json_values

JSON, SSE = "application/json", "text/event-stream; charset=utf-8"
USAGE = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
BEGUN = {"id": "resp_1", "object": "response", "model": "gpt-4o-2024-08-06", "service_tier": "default", "output": []}
TYPES = st.sampled_from(
    [
        "response.created",
        "response.completed",
        "response.failed",
        "response.output_item.added",
        "response.output_item.done",
        "response.output_text.delta",
        "response.refusal.delta",
        "response.function_call_arguments.delta",
        "error",
    ]
)


def read(body: bytes, content_type: str = JSON) -> Reply | None:
    return read_reply(Endpoint.RESPONSES, body, content_type=content_type, content_encoding="")


def text(*texts: str) -> dict[str, object]:
    return {"type": "message", "id": "msg_1", "content": [{"type": "output_text", "text": each} for each in texts]}


def refusal(said: str) -> dict[str, object]:
    return {"type": "message", "id": "msg_1", "content": [{"type": "refusal", "refusal": said}]}


def call(arguments: str) -> dict[str, object]:
    return {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "classify", "arguments": arguments}


def response(*output: dict[str, object], **more: object) -> dict[str, object]:
    return {**BEGUN, "status": "completed", "output": list(output), "usage": USAGE} | more


def event(kind: str, **said: object) -> bytes:
    return typed_frame(f"response.{kind}", {"sequence_number": 0, "output_index": 0, **said})


def pieces(whole: str, at: list[int]) -> list[str]:
    bounds = sorted({0, len(whole), *(i % (len(whole) + 1) for i in at)})
    return [whole[start:end] for start, end in pairwise(bounds)]


def events(kind: str, item: dict[str, object], deltas: list[str]) -> bytes:
    """A stream up to its last delta."""
    began = event("created", response={**BEGUN, "status": "in_progress"})
    return began + event("output_item.added", item=item) + b"".join(event(kind, delta=delta) for delta in deltas)


@given(st.text(min_size=1), st.lists(st.integers(0, 1000)))
def test_a_stream_of_text_reads_as_the_object(said: str, at: list[int]) -> None:
    whole = response(text(said))
    reply = read(orjson.dumps(whole))
    begun = events("output_text.delta", text(), pieces(said, at))
    assert reply == read(begun + event("completed", response=whole), SSE)
    assert reply == read((begun + event("completed", response={**whole, "output": []})).replace(b"\n", b"\r\n"), SSE)
    assert reply is not None
    assert (reply.content, reply.arguments, reply.finish_reason, reply.complete) == (said, None, "stop", True)
    assert (reply.model, reply.service_tier) == ("gpt-4o-2024-08-06", "default")
    assert (reply.prompt_tokens, reply.completion_tokens) == (10, 5)


@given(st.text(min_size=1), st.lists(st.integers(0, 1000)))
def test_a_stream_of_a_call_reads_as_the_object(said: str, at: list[int]) -> None:
    whole = response({"type": "reasoning", "id": "rs_1", "summary": []}, call(said))
    reply = read(orjson.dumps(whole))
    begun = events("function_call_arguments.delta", call(""), pieces(said, at))
    assert reply == read(begun + event("completed", response=whole), SSE)
    assert reply == read(begun + event("completed", response={**whole, "output": []}), SSE)
    assert reply is not None
    assert (reply.content, reply.tool_name, reply.arguments) == (None, "classify", said)
    assert (reply.finish_reason, reply.complete) == ("tool_calls", True)


@given(st.integers(0, 2000))
def test_a_stream_cut_short_keeps_what_was_said_and_is_not_complete(end: int) -> None:
    body = events("output_text.delta", text(), ["ab", "cd"])
    reply = read(body[:end], SSE)
    assert reply is None or (not reply.complete and (reply.content or "") in ("", "ab", "abcd"))
    assert reply is not None or end < len(body)


def test_an_item_that_is_done_counts_as_it_stands() -> None:
    for done, said in ((text("abcd"), "content"), (call("abcd"), "arguments")):
        reply = read(event("output_item.added", item=text()) + event("output_item.done", item=done), SSE)
        assert reply is not None
        assert getattr(reply, said) == "abcd"


def test_a_refusal_is_read() -> None:
    reply = read(orjson.dumps(response(refusal("I cannot"))))
    deltas = events("refusal.delta", refusal(""), ["I can", "not"])
    assert read(deltas + event("completed", response=response()), SSE) == reply
    assert reply is not None
    assert (reply.refusal, reply.content) == ("I cannot", None)


def test_the_parts_of_one_message_are_one_text() -> None:
    reply = read(orjson.dumps(response(text('{"a":', "1}"))))
    assert reply is not None
    assert reply.content == '{"a":1}'


def test_of_several_messages_or_calls_none_is_the_answer() -> None:
    reply = read(orjson.dumps(response(text("a"), text("b"), call("{}"), call("{}"))))
    assert reply is not None
    assert (reply.content, reply.arguments, reply.tool_name) == (None, None, None)
    assert (reply.finish_reason, reply.complete) == ("tool_calls", True)


@pytest.mark.parametrize(
    ("more", "finish"),
    [
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "content_filter"),
        ({"status": "incomplete", "incomplete_details": None}, None),
        ({"status": "failed", "error": {"code": "server_error", "message": "sorry"}}, None),
        ({"status": "completed", "error": {"code": "server_error", "message": "sorry"}}, None),
        ({"status": "cancelled"}, None),
        ({"status": "in_progress"}, None),
        ({"status": None}, None),
    ],
)
def test_how_it_ended_in_chats_words(more: dict[str, object], finish: str | None) -> None:
    body = response(text("ab"), **more)
    reply = read(orjson.dumps(body))
    assert reply is not None
    assert (reply.content, reply.finish_reason, reply.complete) == ("ab", finish, finish is not None)
    kind = "failed" if more["status"] == "failed" else "incomplete"
    assert read(event("created", response=BEGUN) + event(kind, response=body), SSE) == reply


@pytest.mark.parametrize("broken", [{"type": "error", "message": "overloaded"}, {"error": {"message": "overloaded"}}])
def test_an_error_event_is_not_complete(broken: dict[str, object]) -> None:
    reply = read(event("completed", response=response(text("ab"))) + frame(broken), SSE)
    assert reply is not None
    assert (reply.content, reply.finish_reason, reply.complete) == ("ab", None, False)


@pytest.mark.parametrize(
    "body", [b"", b"null", b'{"error":{"message":"no"}}', b'{"output":{}}', b"data: x\n\n", b"data: [DONE]\n\n"]
)
def test_what_is_no_reply_is_none(body: bytes) -> None:
    assert read(body) is None
    assert read(body, SSE) is None


@given(st.binary())
def test_no_bytes_raise(body: bytes) -> None:
    read(body)
    read(body, SSE)


@given(st.lists(json_values(leaves=5), max_size=3), json_values(leaves=5), json_values(leaves=5))
def test_no_object_raises(items: list[object], odd: object, other: object) -> None:
    said = [{"type": "message", "content": odd}, {"type": "message", "content": [{"type": "output_text", "text": odd}]}]
    for output in (items, said[:1], said[1:], [{"type": "function_call", "name": odd, "arguments": other}]):
        body = {"output": output, "status": odd, "incomplete_details": {"reason": other}, "usage": odd, "model": other}
        assert read(orjson.dumps(body)) is not None


@given(st.lists(st.tuples(TYPES, json_values(leaves=5), json_values(leaves=5)), max_size=6))
def test_no_events_raise(said: list[tuple[str, object, object]]) -> None:
    read(b"".join(frame({"type": t, "output_index": a, "delta": b, "item": b, "response": b}) for t, a, b in said), SSE)
    read(b"".join(frame({"type": t, "output_index": 0, "delta": a, "item": {"type": b}}) for t, a, b in said), SSE)
