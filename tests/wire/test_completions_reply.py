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

JSON, SSE = "application/json", "text/event-stream"
ENVELOPE = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "gpt-3.5-turbo-instruct"}
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def read(body: bytes, content_type: str = JSON) -> Reply | None:
    return read_reply(Endpoint.COMPLETIONS, body, content_type=content_type, content_encoding="")


def part(text: str, finish: str | None, **more: object) -> dict[str, object]:
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
    return ENVELOPE | {"choices": [choice]} | more


@given(st.text(min_size=1), st.lists(st.integers(0, 1000)))
def test_a_stream_reads_as_the_whole(text: str, at: list[int]) -> None:
    bounds = sorted({0, len(text), *(i % (len(text) + 1) for i in at)})
    parts = [part(text[start:end], None) for start, end in pairwise(bounds)]
    parts += [part("", "stop"), ENVELOPE | {"choices": [], "usage": USAGE}]
    reply = read(orjson.dumps(part(text, "stop", usage=USAGE)))
    assert reply == read(b"".join(map(frame, parts)) + DONE, SSE)
    assert reply is not None
    assert (reply.content, reply.finish_reason, reply.complete) == (text, "stop", True)
    assert (reply.prompt_tokens, reply.completion_tokens, reply.model) == (10, 5, "gpt-3.5-turbo-instruct")
    assert (reply.arguments, reply.tool_name, reply.refusal) == (None, None, None)


def test_a_stream_cut_short_is_not_complete() -> None:
    reply = read(frame(part(" spam", None)), SSE)
    assert reply is not None
    assert (reply.content, reply.complete) == (" spam", False)


def test_only_the_first_choice_is_read() -> None:
    second = {"index": 1, "text": "ham", "finish_reason": "stop"}
    body = part("spam", "length")
    reply = read(orjson.dumps(body | {"choices": [second, *body["choices"]]}))
    assert reply is not None
    assert (reply.content, reply.finish_reason, reply.choices) == ("spam", "length", 2)


@pytest.mark.parametrize("body", [b"", b"null", b'{"error":{"message":"no"}}', b'{"choices":[]}', b"data: x\n\n", DONE])
def test_what_is_no_reply_is_none(body: bytes) -> None:
    assert read(body) is None
    assert read(body, SSE) is None


@given(st.binary())
def test_no_bytes_raise(body: bytes) -> None:
    read(body)
    read(body, SSE)


@given(json_values(), json_values(), json_values())
def test_no_json_raises(choice: object, index: object, text: object) -> None:
    for body in ({"choices": choice}, {"choices": [choice, {"index": index, "text": text, "finish_reason": text}]}):
        read(orjson.dumps(body))
        read(frame(body), SSE)
