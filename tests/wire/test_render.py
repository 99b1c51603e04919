import re
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from shadowbert.domain.exchange import Endpoint
from shadowbert.wire.endpoints import read_reply
from shadowbert.wire.render import LocalAnswer, derived_id, render
from shadowbert.wire.request import Request
from shadowbert.wire.sse import data_of
from tests.wire.requests import chat_request, named, tool

TEXT = '{"label":"très bon"}'
ANSWER = LocalAnswer(TEXT, "gpt-4o-2024-08-06", "fp_shadowbert_1", 10, 5, "exchange-1", 1_763_876_543)
CONTENT = chat_request()
NAMED = chat_request(response_format=None, tools=[tool()], tool_choice=named())
REQUIRED = chat_request(response_format=None, tools=[tool()], tool_choice="required")
ASKS = pytest.mark.parametrize("ask", [CONTENT, NAMED, REQUIRED], ids=["content", "named", "required"])
FINISHES = [(CONTENT, "stop"), (NAMED, "stop"), (REQUIRED, "tool_calls")]


def body(ask: Request) -> dict[str, object]:
    content_type, (document,) = render(ask, ANSWER)
    assert content_type == b"application/json"
    parsed = orjson.loads(document)
    assert isinstance(parsed, dict)
    return parsed


def frames(ask: Request, *, usage: bool = False) -> list[bytes]:
    content_type, chunks = render(replace(ask, stream=True, include_usage=usage), ANSWER)
    assert content_type == b"text/event-stream; charset=utf-8"
    data = list(data_of(b"".join(chunks)))
    assert data.pop() == b"[DONE]"
    return data


@ASKS
def test_the_sdk_takes_the_reply(ask: Request) -> None:
    completion = ChatCompletion.model_validate_json(orjson.dumps(body(ask)), strict=True)
    assert completion.model_extra == {}
    assert completion.choices[0].message.model_extra == {}
    assert completion.usage is not None
    assert completion.usage.total_tokens == 15
    assert (completion.model, completion.created, completion.service_tier) == (ANSWER.model, ANSWER.created, "default")
    assert completion.system_fingerprint == "fp_shadowbert_1"
    assert re.fullmatch("chatcmpl-[0-9A-Za-z]{29}", completion.id)


def test_content_carries_the_text_and_no_tool_calls() -> None:
    (choice,) = body(CONTENT)["choices"]
    message = choice["message"]
    assert message == {"role": "assistant", "content": TEXT, "refusal": None, "annotations": []}
    assert choice["logprobs"] is None


def test_a_tool_call_carries_the_text_and_no_content() -> None:
    for ask in (NAMED, REQUIRED):
        message = ChatCompletion.model_validate(body(ask)).choices[0].message
        assert message.content is None
        assert message.tool_calls is not None
        (call,) = message.tool_calls
        assert call.type == "function"
        assert (call.function.name, call.function.arguments) == ("classify", TEXT)
        assert re.fullmatch("call_[0-9A-Za-z]{24}", call.id)


@pytest.mark.parametrize(("ask", "finish"), FINISHES, ids=["content", "named", "required"])
def test_the_finish_reason_follows_the_transport(ask: Request, finish: str) -> None:
    assert ChatCompletion.model_validate(body(ask)).choices[0].finish_reason == finish
    finishes = [ChatCompletionChunk.model_validate_json(data).choices[0].finish_reason for data in frames(ask)]
    assert finishes == [None, None, finish]


@ASKS
def test_the_sdk_takes_every_chunk(ask: Request) -> None:
    chunks = [ChatCompletionChunk.model_validate_json(data, strict=True) for data in frames(ask, usage=True)]
    assert {(c.id, c.created, c.model, c.system_fingerprint) for c in chunks} == {
        (body(ask)["id"], ANSWER.created, ANSWER.model, ANSWER.fingerprint)
    }
    assert chunks[0].choices[0].delta.role == "assistant"
    assert orjson.loads(frames(ask)[-1])["choices"][0]["delta"] == {}
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * 3
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 15


@ASKS
def test_usage_is_sent_only_when_asked(ask: Request) -> None:
    assert all("usage" not in orjson.loads(data) and orjson.loads(data)["choices"] for data in frames(ask))


@ASKS
def test_both_forms_read_as_the_same_reply(ask: Request) -> None:
    _, (document,) = render(ask, ANSWER)
    _, chunks = render(replace(ask, stream=True, include_usage=True), ANSWER)
    one = read_reply(Endpoint.CHAT, document, content_type="application/json", content_encoding="")
    two = read_reply(Endpoint.CHAT, b"".join(chunks), content_type="text/event-stream", content_encoding="")
    assert one == two
    assert one is not None
    assert (one.content or one.arguments) == TEXT
    assert one.complete


@given(st.text(max_size=40), st.text(max_size=40))
def test_ids_follow_from_the_answer(one: str, two: str) -> None:
    assert derived_id("call_", 24, one) == derived_id("call_", 24, one)
    assert (derived_id("call_", 24, one) == derived_id("call_", 24, two)) == (one == two)
    assert derived_id("call_", 24, one)[5:] not in derived_id("chatcmpl-", 29, one)
