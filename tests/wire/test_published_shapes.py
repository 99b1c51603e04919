"""Every object that we write, held against OpenAI's published schemas."""

from dataclasses import replace

import orjson
import pytest

from shadowbert.domain.exchange import Endpoint
from shadowbert.wire.endpoints import read_request
from shadowbert.wire.local_answer import LocalAnswer
from shadowbert.wire.render import render
from shadowbert.wire.request import Request
from shadowbert.wire.sse import objects_of
from tests.wire.asks import ANSWER, CHAT, LOGPROBS, RESPONSES
from tests.wire.captured import REQUESTS
from tests.wire.openapi import validator

CHAT_ASKS = pytest.mark.parametrize("ask", CHAT.values(), ids=CHAT)
RESPONSES_ASKS = pytest.mark.parametrize("ask", RESPONSES.values(), ids=RESPONSES)
ANSWERS = pytest.mark.parametrize("answer", [ANSWER, replace(ANSWER, logprobs=LOGPROBS)], ids=["plain", "logprobs"])


def body(ask: Request, answer: LocalAnswer) -> dict[str, object]:
    _, (document,) = render(replace(ask, stream=False), answer)
    parsed = orjson.loads(document)
    assert isinstance(parsed, dict)
    return parsed


def stream(ask: Request, answer: LocalAnswer, *, usage: bool = False) -> list[dict[str, object] | None]:
    _, chunks = render(replace(ask, stream=True, include_usage=usage), answer)
    return list(objects_of(b"".join(chunks)))


@ANSWERS
@CHAT_ASKS
def test_chat_completions(ask: Request, answer: LocalAnswer) -> None:
    validator("CreateChatCompletionResponse").validate(body(ask, answer))


@pytest.mark.parametrize("usage", [False, True])
@ANSWERS
@CHAT_ASKS
def test_chat_chunks(ask: Request, answer: LocalAnswer, usage: bool) -> None:
    for chunk in stream(ask, answer, usage=usage):
        validator("CreateChatCompletionStreamResponse").validate(chunk)


@ANSWERS
@RESPONSES_ASKS
def test_responses(ask: Request, answer: LocalAnswer) -> None:
    validator("Response").validate(body(ask, answer))


@ANSWERS
@RESPONSES_ASKS
def test_response_events(ask: Request, answer: LocalAnswer) -> None:
    for event in stream(ask, answer):
        validator("ResponseStreamEvent").validate(event)


@pytest.mark.parametrize("key", ["id", "object", "created", "model", "choices"])
def test_a_completion_without_a_field_would_be_seen(key: str) -> None:
    lacking = body(CHAT["content"], ANSWER)
    del lacking[key]
    assert not validator("CreateChatCompletionResponse").is_valid(lacking)


@pytest.mark.parametrize("key", ["id", "created_at", "error", "incomplete_details", "instructions", "model", "output"])
def test_a_response_without_a_field_would_be_seen(key: str) -> None:
    lacking = body(RESPONSES["call"], ANSWER)
    del lacking[key]
    assert not validator("Response").is_valid(lacking)


@RESPONSES_ASKS
def test_an_event_without_a_field_would_be_seen(ask: Request) -> None:
    for event in stream(ask, ANSWER):
        assert event is not None
        for key in event:
            lacking = {name: value for name, value in event.items() if name != key}
            assert not validator("ResponseStreamEvent").is_valid(lacking)


def captured() -> list[Request]:
    """What real clients ask of an endpoint that we may answer; skips the test where nothing was captured."""
    index = REQUESTS / "index.json"
    if not index.exists():
        pytest.skip("no captured requests beside this checkout")
    read = []
    for entry in orjson.loads(index.read_bytes()):
        endpoint = Endpoint.RESPONSES if "/responses" in entry["path"] else Endpoint.CHAT
        request = read_request(endpoint, orjson.dumps(orjson.loads((REQUESTS / entry["file"]).read_bytes())["body"]))
        assert request is not None
        read.append(request)
    return read


def test_answers_to_what_real_clients_ask() -> None:
    """Also where we would not answer: the shape does not hang on it."""
    for ask in captured():
        responses = ask.endpoint is Endpoint.RESPONSES
        validator("Response" if responses else "CreateChatCompletionResponse").validate(body(ask, ANSWER))
        for part in stream(ask, ANSWER, usage=ask.include_usage):
            validator("ResponseStreamEvent" if responses else "CreateChatCompletionStreamResponse").validate(part)
