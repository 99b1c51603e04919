import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.route import Reason
from shadowbert.domain.template import Message
from shadowbert.wire.chat_parameters import _JUDGES
from shadowbert.wire.endpoints import read_request
from shadowbert.wire.output_ask import Statement, ToolChoice, Transport
from tests.wire.requests import MESSAGES, SCHEMA, chat_request, in_prose, json_values, nested, request_body, tool

KNOWN_KEYS = st.sampled_from([*_JUDGES])


def test_a_plain_call_is_read_whole() -> None:
    request = chat_request(
        stream=True, stream_options={"include_usage": True}, metadata={"task": "spam"}, max_tokens=30, stop="\n"
    )
    assert request.model == "gpt-4o"
    assert request.prompt == (Message("system", "Is it spam?"), Message("user", "Win a prize"))
    assert request.output is not None
    assert (request.stream, request.include_usage, request.obstacle) == (True, True, None)
    assert (request.explicit_task, request.max_tokens, request.stop) == ("spam", 30, ("\n",))


def test_the_lower_token_limit_counts() -> None:
    assert chat_request(max_tokens=30, max_completion_tokens=20).max_tokens == 20
    assert chat_request(max_tokens=30).max_tokens == chat_request(max_completion_tokens=30).max_tokens == 30
    assert chat_request().max_tokens is None


def test_stop_strings_come_alone_or_in_a_list() -> None:
    stops = [chat_request(stop=stop).stop for stop in (None, "a", ["a", "b"], ["a", 1], 1)]
    assert stops == [(), ("a",), ("a", "b"), ("a",), ()]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]}, Reason.NOT_TEXT),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, Reason.AUDIO),
        ({"messages": [*MESSAGES, {"role": "tool", "content": "x"}]}, Reason.HISTORY),
        ({"messages": [*MESSAGES, {"role": "user", "content": "x", "name": "ann"}]}, Reason.PARAMETER),
    ],
)
def test_messages_that_text_cannot_say_leave_no_prompt(changes: dict[str, object], reason: Reason) -> None:
    request = chat_request(**changes)
    assert request.prompt is None
    assert request.obstacle is reason
    assert request.output is not None


def test_the_first_reason_is_given() -> None:
    image = [{"role": "user", "content": [{"type": "image_url"}]}]
    assert chat_request(messages=image, tools=[tool()], store=True, n=2).obstacle is Reason.IMAGE
    assert chat_request(tools=[tool()], store=True, n=2).obstacle is Reason.TOOLS
    assert chat_request(store=True, n=2).obstacle is Reason.STORE
    assert chat_request(n=2).obstacle is Reason.SEVERAL_ANSWERS


def test_a_deployment_without_a_model_name_has_none() -> None:
    request = chat_request(model=None)
    assert (request.model, request.obstacle) == ("", None)


def test_log_probabilities_are_asked_for_not_barred() -> None:
    asked = [chat_request(logprobs=said, top_logprobs=top) for said, top in ((True, 5), (True, None), (False, None))]
    assert [(request.top_logprobs, request.obstacle) for request in asked] == [(5, None), (0, None), (None, None)]
    assert chat_request(top_logprobs=5).obstacle is Reason.PARAMETER


def test_a_legacy_function_is_an_ask_of_its_own() -> None:
    functions = [{"name": "classify", "parameters": SCHEMA}]
    request = chat_request(response_format=None, functions=functions, function_call={"name": "classify"})
    assert request.output is not None
    assert (request.output.transport, request.output.tool_choice) == (Transport.FUNCTION, ToolChoice.NAMED)
    assert request.obstacle is None
    request = chat_request(response_format=None, functions=functions, tools=[tool()])
    assert (request.output, request.obstacle) == (None, Reason.TOOLS)


def test_a_token_bias_names_another_plain_text() -> None:
    plain, biased = (chat_request(response_format=None, logit_bias=bias) for bias in (None, {"1": 100}))
    assert plain.output is not None
    assert biased.output is not None
    assert plain.output.statement is biased.output.statement is Statement.TEXT
    assert plain.output.schema_key != biased.output.schema_key
    assert plain.obstacle is biased.obstacle is None
    assert chat_request(logit_bias={"1": 100}).obstacle is Reason.PARAMETER


def test_a_schema_too_deep_to_be_written_asks_for_nothing() -> None:
    schema = {"type": "object", "properties": {"a": nested(300)}}
    deep = json.dumps({"type": "json_schema", "json_schema": {"name": "spam", "schema": schema}})
    request = read_request(Endpoint.CHAT, b'{"messages": [], "response_format": ' + deep.encode() + b"}")
    assert request is not None
    assert request.output is None
    told = chat_request(response_format=None, messages=[{"role": "system", "content": in_prose(schema)}]).output
    assert told is not None
    assert told.statement is Statement.TEXT


@given(st.binary())
def test_no_bytes_raise(data: bytes) -> None:
    read_request(Endpoint.CHAT, data)


@given(st.dictionaries(KNOWN_KEYS | st.text(max_size=5), json_values(), max_size=6))
def test_no_json_object_raises(changes: dict[str, object]) -> None:
    request = read_request(Endpoint.CHAT, request_body(**changes))
    assert (request is None) == (not isinstance(changes.get("messages", []), list))


@pytest.mark.parametrize("data", [b"{}", b"[]", b'{"messages":"hi"}', b'{"messages":[]', b"\xff"])
def test_hopeless_bodies_are_none(data: bytes) -> None:
    assert read_request(Endpoint.CHAT, data) is None


def test_how_much_is_said_matters_where_no_schema_bounds_it() -> None:
    assert chat_request(verbosity="low").obstacle is None
    assert chat_request(verbosity="low", response_format=None).obstacle is Reason.PARAMETER


@given(st.text(max_size=5), st.sampled_from(["", "a", "b-1"]), st.text(max_size=5), st.sampled_from(["", "a", "b-1"]))
def test_no_two_teachers_are_called_alike(model: str, upstream: str, other: str, elsewhere: str) -> None:
    one = replace(chat_request(), model=model, upstream=upstream)
    two = replace(chat_request(), model=other, upstream=elsewhere)
    assert (one.teacher == two.teacher) == ((model, upstream) == (other, elsewhere))


def test_a_slash_in_a_models_name_is_no_upstream() -> None:
    slashed = replace(chat_request(), model="openai/gpt-oss")
    assert slashed.teacher != replace(chat_request(), model="gpt-oss", upstream="openai").teacher
    assert replace(slashed, model="@cf/meta").teacher != replace(slashed, model="meta", upstream="cf").teacher
