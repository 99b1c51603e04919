"""A prompt that is put back reads as itself, and nothing else of the request has changed."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.template import Message, Prompt
from shadowbert.wire.endpoints import read_request
from shadowbert.wire.refill import refill
from tests.wire.captured import body, index
from tests.wire.requests import FORMAT, json_values, request_body

TEXTS = st.text(max_size=8) | st.sampled_from(["a\nb", "a", "\n", "a\n"])
IMAGE = {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}
ROLES = st.sampled_from(["system", "user", "developer", "assistant"])


def contents(kind: str) -> st.SearchStrategy[Any]:
    part = st.builds(lambda text: {"type": kind, "text": text}, TEXTS)
    return TEXTS | st.lists(part, min_size=1, max_size=4)


def messages(kind: str) -> st.SearchStrategy[Any]:
    message = st.builds(lambda role, content: {"role": role, "content": content}, ROLES, contents(kind))
    return st.lists(message, min_size=1, max_size=3)


OTHERS = st.dictionaries(st.text(max_size=6).map("x-{}".format), json_values(), max_size=3)
CHAT = st.builds(lambda m, o: {"model": "m", "messages": m, "response_format": FORMAT, **o}, messages("text"), OTHERS)
RESPONSES = st.builds(
    lambda i, g, o: {"model": "m", **({} if i is None else {"instructions": i}), "input": g, **o},
    st.none() | TEXTS,
    TEXTS | messages("input_text"),
    OTHERS,
)
COMPLETIONS = st.builds(lambda text, o: {"model": "m", "prompt": text, **o}, TEXTS, OTHERS)
ASKED = st.one_of(
    st.tuples(st.just(Endpoint.CHAT), CHAT),
    st.tuples(st.just(Endpoint.RESPONSES), RESPONSES),
    st.tuples(st.just(Endpoint.COMPLETIONS), COMPLETIONS),
)


def prompt_of(endpoint: Endpoint, request: bytes) -> Prompt:
    read = read_request(endpoint, request)
    assert read is not None
    assert read.prompt is not None
    return read.prompt


def unkept(endpoint: Endpoint) -> dict[str, bool]:
    """The Responses API keeps every answer unless told not to."""
    return {"store": False} if endpoint is Endpoint.RESPONSES else {}


@given(ASKED, st.booleans())
def test_its_own_prompt_changes_nothing_but_streaming(asked: tuple[Endpoint, dict[str, Any]], stream: bool) -> None:
    endpoint, given_body = asked
    streaming = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    request = orjson.dumps({**given_body, **streaming})
    refilled = refill(endpoint, request, prompt_of(endpoint, request))
    assert refilled is not None
    assert orjson.loads(refilled) == orjson.loads(orjson.dumps(given_body)) | unkept(endpoint)


@given(ASKED, st.data())
def test_another_prompt_reads_as_itself(asked: tuple[Endpoint, dict[str, Any]], data: st.DataObject) -> None:
    endpoint, given_body = asked
    request = orjson.dumps(given_body)
    other = tuple(Message(m.role, data.draw(TEXTS)) for m in prompt_of(endpoint, request))
    refilled = refill(endpoint, request, other)
    assert refilled is not None
    assert prompt_of(endpoint, refilled) == other
    before, after = orjson.loads(request), orjson.loads(refilled)
    for key in ("messages", "input", "instructions", "prompt"):
        before.pop(key, None), after.pop(key, None)
    assert after == before | unkept(endpoint)


@pytest.mark.parametrize("endpoint", Endpoint)
def test_nothing_that_names_the_caller_or_keeps_the_answer_is_sent_again(endpoint: Endpoint) -> None:
    asked = {Endpoint.CHAT: {"messages": [{"role": "user", "content": "x"}]}, Endpoint.RESPONSES: {"input": "x"}}
    plain = {"model": "m", "seed": 3, **asked.get(endpoint, {"prompt": "x"})}
    callers = {"user": "anna", "safety_identifier": "a1", "prompt_cache_key": "anna", "metadata": {"order": "17"}}
    request = orjson.dumps({**plain, **callers, "store": True})
    refilled = refill(endpoint, request, (Message("user", "x"),))
    assert refilled is not None
    assert orjson.loads(refilled) == plain | unkept(endpoint)


@pytest.mark.parametrize(
    "tie", [{"conversation": "conv_1"}, {"previous_response_id": "r"}, {"prompt": {"id": "p"}}, {"background": True}]
)
def test_a_request_that_goes_on_from_what_upstream_keeps_is_not_repeated(tie: dict[str, Any]) -> None:
    """Asked again it would write into the caller's own conversation."""
    body = {"model": "m", "input": "x"}
    assert refill(Endpoint.RESPONSES, orjson.dumps(body), (Message("user", "y"),)) is not None
    assert refill(Endpoint.RESPONSES, orjson.dumps(body | tie), (Message("user", "y"),)) is None


def test_parts_that_stay_stay_apart() -> None:
    cached = {"type": "text", "text": "The rules.", "prompt_cache_breakpoint": {"mode": "explicit"}}
    parts = [cached, {"type": "text", "text": "Win a prize"}, {"type": "text", "text": "Answer."}]
    request = request_body(messages=[{"role": "user", "content": parts}])
    refilled = refill(Endpoint.CHAT, request, (Message("user", "The rules.\nAn old\nmail\nAnswer."),))
    assert refilled is not None
    (message,) = orjson.loads(refilled)["messages"]
    assert message["content"] == [cached, {"type": "text", "text": "An old\nmail"}, parts[2]]


@pytest.mark.parametrize(
    ("endpoint", "request_", "prompt"),
    [
        (Endpoint.CHAT, request_body(), (Message("user", "x"),)),
        (Endpoint.CHAT, request_body(), (Message("user", "x"), Message("user", "y"))),
        (Endpoint.CHAT, request_body(messages="x"), (Message("user", "x"),)),
        (Endpoint.CHAT, request_body(messages=[{"role": "user"}]), (Message("user", "x"),)),
        (Endpoint.CHAT, request_body(messages=[{"role": "user", "content": [IMAGE]}]), (Message("user", "x"),)),
        (Endpoint.RESPONSES, orjson.dumps({"input": "x", "instructions": "y"}), (Message("user", "x"),)),
        (Endpoint.RESPONSES, orjson.dumps({"input": "x"}), (Message("system", "x"),)),
        (Endpoint.COMPLETIONS, orjson.dumps({"prompt": [1, 2]}), (Message("user", "x"),)),
        (Endpoint.CHAT, b"[]", ()),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_not_written(endpoint: Endpoint, request_: bytes, prompt: Prompt) -> None:
    assert refill(endpoint, request_, prompt) is None


def test_captured_requests_read_as_they_were() -> None:
    asked = 0
    for entry in index():
        endpoint = next((e for e in (Endpoint.CHAT, Endpoint.RESPONSES) if e.value in entry["path"]), None)
        request = body(entry["file"])
        read = read_request(endpoint, request) if endpoint else None
        if endpoint is None or read is None or read.prompt is None:
            continue
        refilled = refill(endpoint, request, read.prompt)
        assert refilled is not None, entry["file"]
        assert prompt_of(endpoint, refilled) == read.prompt, entry["file"]
        asked += 1
    assert asked > 20
