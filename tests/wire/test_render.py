from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.exchange import Endpoint
from shadowbert.wire.endpoints import read_reply
from shadowbert.wire.local_answer import LocalAnswer
from shadowbert.wire.output_ask import Transport
from shadowbert.wire.render import render
from shadowbert.wire.reply import Reply
from shadowbert.wire.request import Request
from shadowbert.wire.sse import TerminalScanner
from tests.wire.asks import ANSWER, CHAT, EVERY, ask

ASKS = pytest.mark.parametrize("asked", EVERY.values(), ids=EVERY)
ANSWERS = st.builds(
    LocalAnswer,
    text=st.text(min_size=1),
    model=st.text(min_size=1),
    fingerprint=st.text(min_size=1),
    prompt_tokens=st.integers(1, 2**31),
    completion_tokens=st.integers(1, 2**31),
    answer_id=st.text(),
    created=st.integers(0, 2**33),
    finish_reason=st.sampled_from([None, "stop", "tool_calls", "function_call"]),
)


def read(asked: Request, answer: LocalAnswer) -> Reply:
    content_type, chunks = render(asked, answer)
    body = b"".join(chunks)
    reply = read_reply(asked.endpoint, body, content_type=content_type.decode(), content_encoding="")
    assert reply is not None
    return reply


@ASKS
def test_the_content_type_and_the_end_are_those_of_the_form(asked: Request) -> None:
    content_type, chunks = render(asked, ANSWER)
    assert (content_type, len(chunks)) == (b"application/json", 1)
    content_type, chunks = render(replace(asked, stream=True), ANSWER)
    assert content_type == b"text/event-stream; charset=utf-8"
    scanner = TerminalScanner()
    assert [scanner.feed(chunk) for chunk in chunks] == [False] * (len(chunks) - 1) + [True]


@given(st.sampled_from(list(EVERY.values())), ANSWERS)
def test_what_is_written_reads_back(asked: Request, answer: LocalAnswer) -> None:
    reply = read(asked, answer)
    assert reply == read(replace(asked, stream=True, include_usage=True), answer)
    called = asked.output is not None and asked.output.transport is not Transport.CONTENT
    assert (reply.arguments if called else reply.content) == answer.text
    assert (reply.content if called else reply.arguments) is None
    assert reply.tool_name == ("classify" if called else None)
    assert (reply.prompt_tokens, reply.completion_tokens) == (answer.prompt_tokens, answer.completion_tokens)
    assert (reply.model, reply.service_tier, reply.refusal) == (answer.model, "default", None)
    assert reply.complete
    if asked.endpoint is Endpoint.CHAT:
        assert reply.system_fingerprint == answer.fingerprint
        assert reply.finish_reason == (answer.finish_reason or read(asked, ANSWER).finish_reason)
    else:
        assert reply.finish_reason == ("tool_calls" if called else "stop")


def test_a_request_without_a_stated_output_is_answered_with_content() -> None:
    for endpoint in (Endpoint.CHAT, Endpoint.RESPONSES):
        assert read(replace(ask(endpoint), output=None), ANSWER) == read(ask(endpoint), ANSWER)


def test_usage_of_a_chat_stream_is_only_what_was_asked_for() -> None:
    assert read(replace(CHAT["content"], stream=True), ANSWER).prompt_tokens is None


def test_legacy_completions_are_never_answered() -> None:
    with pytest.raises(KeyError):
        render(ask(Endpoint.COMPLETIONS), ANSWER)
