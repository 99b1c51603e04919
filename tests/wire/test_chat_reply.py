import gzip
from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.exchange import Endpoint
from shadowbert.wire.endpoints import read_reply
from shadowbert.wire.reply import Reply
from shadowbert.wire.sse import DONE, frame
from tests.wire.requests import json_values

JSON, SSE = "application/json; charset=utf-8", "text/event-stream; charset=utf-8"
ENVELOPE = {"id": "chatcmpl-1", "created": 1, "model": "gpt-4o-2024-08-06", "system_fingerprint": "fp_1"}
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def read(body: bytes, content_type: str = JSON, content_encoding: str = "") -> Reply | None:
    return read_reply(Endpoint.CHAT, body, content_type=content_type, content_encoding=content_encoding)


def whole(message: dict[str, object], finish: str | None = "stop") -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "logprobs": None, "finish_reason": finish}
    return orjson.dumps(ENVELOPE | {"object": "chat.completion", "choices": [choice], "usage": USAGE})


def chunk(delta: dict[str, object], finish: str | None = None) -> dict[str, object]:
    return ENVELOPE | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], "usage": None}


def streamed(deltas: list[dict[str, object]], finish: str = "stop") -> bytes:
    chunks = [*map(chunk, deltas), chunk({}, finish), ENVELOPE | {"choices": [], "usage": USAGE}]
    return b"".join(map(frame, chunks)) + DONE


def pieces(text: str, at: list[int]) -> list[str]:
    bounds = sorted({0, len(text), *(i % (len(text) + 1) for i in at)})
    return [text[start:end] for start, end in pairwise(bounds)]


def call(arguments: str, **more: object) -> dict[str, object]:
    return {"id": "call_1", "type": "function", "function": {"name": "classify", "arguments": arguments}, **more}


@given(st.text(min_size=1), st.lists(st.integers(0, 1000)))
def test_a_stream_of_text_reads_as_the_whole(text: str, at: list[int]) -> None:
    deltas: list[dict[str, object]] = [{"role": "assistant", "content": "", "refusal": None}]
    deltas += [{"content": piece} for piece in pieces(text, at)]
    reply = read(whole({"content": text, "refusal": None}))
    assert reply == read(streamed(deltas), SSE) == read(streamed(deltas).replace(b"\n", b"\r\n"), JSON)
    assert reply is not None
    assert (reply.content, reply.finish_reason, reply.complete) == (text, "stop", True)
    assert (reply.prompt_tokens, reply.completion_tokens) == (10, 5)
    assert (reply.model, reply.system_fingerprint) == ("gpt-4o-2024-08-06", "fp_1")


@given(st.text(min_size=1), st.lists(st.integers(0, 1000)))
def test_a_stream_of_a_tool_call_reads_as_the_whole(arguments: str, at: list[int]) -> None:
    deltas: list[dict[str, object]] = [{"role": "assistant", "content": None, "tool_calls": [call("", index=0)]}]
    deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in pieces(arguments, at)]
    reply = read(whole({"content": None, "tool_calls": [call(arguments)]}, "tool_calls"))
    assert reply == read(streamed(deltas, "tool_calls"), SSE)
    assert reply is not None
    assert (reply.content, reply.tool_name, reply.arguments) == (None, "classify", arguments)


@given(st.text(min_size=1), st.lists(st.integers(0, 1000)))
def test_a_stream_of_a_legacy_function_call_reads_as_the_whole(arguments: str, at: list[int]) -> None:
    opening = {"role": "assistant", "content": None, "function_call": {"name": "classify", "arguments": ""}}
    deltas: list[dict[str, object]] = [opening]
    deltas += [{"function_call": {"arguments": piece}} for piece in pieces(arguments, at)]
    called = {"name": "classify", "arguments": arguments}
    reply = read(whole({"content": None, "function_call": called}, "function_call"))
    assert reply == read(streamed(deltas, "function_call"), SSE)
    assert reply is not None
    assert (reply.content, reply.tool_name, reply.arguments) == (None, "classify", arguments)
    both = read(whole({"content": None, "function_call": called, "tool_calls": [call("{}")]}))
    assert both is not None
    assert both.arguments is None


def test_a_message_without_a_legacy_function_call_holds_none() -> None:
    reply = read(whole({"content": "{}", "function_call": None, "tool_calls": None}))
    assert reply is not None
    assert (reply.content, reply.arguments, reply.tool_name) == ("{}", None, None)


def test_two_tool_calls_are_no_single_answer() -> None:
    reply = read(whole({"content": None, "tool_calls": [call("{}"), call("{}")]}))
    assert reply is not None
    assert (reply.tool_name, reply.arguments, reply.complete) == (None, None, True)
    deltas: list[dict[str, object]] = [{"tool_calls": [call("{}", index=0)]}, {"tool_calls": [call("{}", index=1)]}]
    assert read(streamed(deltas), SSE) == reply


def test_a_refusal_is_read() -> None:
    reply = read(streamed([{"content": None, "refusal": ""}, {"refusal": "I can"}, {"refusal": "not"}]), SSE)
    assert reply == read(whole({"content": None, "refusal": "I cannot"}))
    assert reply is not None
    assert reply.refusal == "I cannot"


def test_an_encoded_reply_is_decoded() -> None:
    body = whole({"content": "{}"})
    assert read(gzip.compress(body), JSON, "gzip") == read(body)
    assert read(body, JSON, "br") is None


def test_a_stream_cut_short_is_not_complete() -> None:
    body = streamed([{"content": "ab"}, {"content": "cd"}])
    for end in range(len(body)):
        reply = read(body[:end], SSE)
        if b'"stop"' not in body[:end]:
            assert reply is None or not reply.complete


def test_an_error_in_the_middle_is_not_complete() -> None:
    body = frame(chunk({"content": "ab"}, "stop")) + frame({"error": {"message": "overloaded"}})
    reply = read(body, SSE)
    assert reply is not None
    assert not reply.complete


def test_azures_empty_first_choices_and_other_choices_are_passed_over() -> None:
    second = {"choices": [{"index": 1, "delta": {"content": "other"}, "finish_reason": "stop"}]}
    body = frame({"choices": [], "prompt_filter_results": []}) + frame(second) + frame(chunk({"content": "mine"}))
    reply = read(body, SSE)
    assert reply is not None
    assert (reply.content, reply.complete) == ("mine", False)


@pytest.mark.parametrize("body", [b"", b"null", b'{"error":{"message":"no"}}', b'{"choices":[]}', b"data: x\n\n", DONE])
def test_what_is_no_reply_is_none(body: bytes) -> None:
    assert read(body) is None
    assert read(body, SSE) is None


@given(st.binary(), st.sampled_from([JSON, SSE, ""]), st.sampled_from(["", "gzip", "deflate", "br", "x, y"]))
def test_no_bytes_raise(body: bytes, content_type: str, encoding: str) -> None:
    read(body, content_type, encoding)


@given(
    st.dictionaries(st.sampled_from(["choices", "usage", "model", "error"]), json_values() | st.just([{"index": 0}]))
)
def test_no_json_raises(reply: dict[str, object]) -> None:
    read(orjson.dumps(reply))
    read(frame(reply), SSE)


@given(json_values())
def test_no_message_raises(said: object) -> None:
    called = ({"tool_calls": [said]}, {"tool_calls": said}, {"function_call": said}, {"function_call": {"name": said}})
    for choice in ({"message": said}, {"index": said}, *({"message": message} for message in called)):
        read(orjson.dumps({"choices": [choice]}))
