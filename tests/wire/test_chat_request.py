import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.route import Reason
from shadowbert.domain.template import Message
from shadowbert.wire.endpoints import read_request
from shadowbert.wire.output_ask import Transport
from shadowbert.wire.parameters import _HARMLESS
from tests.wire.captured import body, entries
from tests.wire.requests import MESSAGES, chat_request, json_values, request_body, tool

KNOWN_KEYS = st.sampled_from([*_HARMLESS, "logit_bias"])


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
    assert chat_request().max_tokens is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]}, Reason.NOT_TEXT),
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
    assert chat_request(messages=image, tools=[tool()], store=True, n=2).obstacle is Reason.NOT_TEXT
    assert chat_request(tools=[tool()], store=True, n=2).obstacle is Reason.TOOLS
    assert chat_request(store=True, n=2).obstacle is Reason.STORE
    assert chat_request(n=2).obstacle is Reason.PARAMETER


def test_a_deployment_without_a_model_name_stays_with_the_llm() -> None:
    request = chat_request(model=None)
    assert (request.model, request.obstacle) == ("", Reason.PARAMETER)


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


def test_every_captured_request_is_read() -> None:
    free = {"instr-PARALLEL_TOOLS-MLiteral.json", "instr-PARALLEL_TOOLS-MMulti.json", "pai-union.json"}
    for entry in entries():
        request = read_request(Endpoint.CHAT, body(str(entry["file"])))
        assert request is not None
        asked = {"response_format": Transport.CONTENT, "tools": Transport.TOOL}.get(str(entry["output_contract"]))
        if asked is None or entry["file"] in free:
            assert request.output is None
        else:
            assert request.output is not None
            assert (request.output.transport, request.output.name) == (asked, entry["schema_name"])


def test_a_captured_request_with_everything_stays_with_the_llm() -> None:
    everything = orjson.loads(body("oai3-chat-create-everything.json"))
    assert chat_request(**everything).obstacle is Reason.STORE
    assert chat_request(**everything | {"store": None}).obstacle is Reason.PARAMETER
