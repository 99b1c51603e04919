import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.route import Reason
from shadowbert.domain.template import Message
from shadowbert.wire.endpoints import read_request
from shadowbert.wire.output_ask import Statement, ToolChoice, Transport, schema_key
from shadowbert.wire.request import Request
from shadowbert.wire.responses_parameters import _JUDGES
from tests.wire.requests import SCHEMA, in_prose, json_values

FORMAT = {"type": "json_schema", "name": "spam", "strict": True, "schema": SCHEMA}
FLAT = {"type": "function", "name": "classify", "parameters": SCHEMA}
NAMED = {"type": "function", "name": "classify"}


def body(**changes: object) -> bytes:
    return orjson.dumps({"model": "gpt-4o", "input": "Win a prize", "text": {"format": FORMAT}} | changes)


def responses(**changes: object) -> Request:
    request = read_request(Endpoint.RESPONSES, body(**changes))
    assert request is not None
    return request


def test_a_plain_call_is_read_whole() -> None:
    request = responses(instructions="Is it spam?", stream=True, metadata={"task": "spam"}, max_output_tokens=30)
    assert (request.endpoint, request.model) == (Endpoint.RESPONSES, "gpt-4o")
    assert request.prompt == (Message("instructions", "Is it spam?"), Message("user", "Win a prize"))
    assert request.output is not None
    assert (request.output.transport, request.output.name) == (Transport.CONTENT, "spam")
    assert request.output.schema_key == schema_key(SCHEMA)
    assert (request.stream, request.obstacle, request.explicit_task) == (True, None, "spam")
    assert (request.max_tokens, request.stop, request.top_logprobs) == (30, (), None)


@pytest.mark.parametrize("text", [None, {}, {"format": None}, {"format": {"type": "text"}}])
def test_without_a_format_the_answer_is_text(text: object) -> None:
    request = responses(text=text)
    assert request.output is not None
    assert (request.output.statement, request.obstacle) == (Statement.TEXT, None)


def test_a_json_object_may_be_described_in_the_instructions() -> None:
    request = responses(text={"format": {"type": "json_object"}}, instructions=in_prose(SCHEMA))
    assert request.output is not None
    assert (request.output.statement, request.output.schema) == (Statement.PROSE, SCHEMA)


@pytest.mark.parametrize(
    ("choice", "kind"),
    [
        (NAMED, ToolChoice.NAMED),
        ("required", ToolChoice.REQUIRED),
        ("auto", ToolChoice.AUTO),
        (None, ToolChoice.AUTO),
    ],
)
def test_flat_tools_are_read(choice: object, kind: ToolChoice) -> None:
    request = responses(text=None, tools=[FLAT], tool_choice=choice)
    assert request.output is not None
    assert (request.output.transport, request.output.tool_choice) == (Transport.TOOL, kind)
    assert request.obstacle is None


def test_a_forced_tool_beside_the_same_format_is_called() -> None:
    request = responses(tools=[FLAT], tool_choice=NAMED)
    assert request.output is not None
    assert (request.output.transport, request.obstacle) == (Transport.TOOL, None)


def test_tools_of_upstream_bar_a_local_answer() -> None:
    for tools in ([{"type": "web_search"}], [FLAT, {"type": "code_interpreter"}]):
        assert responses(tools=tools, tool_choice="required").obstacle is Reason.TOOLS


def test_input_that_text_cannot_say_leaves_no_prompt() -> None:
    items = [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]
    request = responses(input=items, store=True)
    assert (request.prompt, request.obstacle) == (None, Reason.IMAGE)
    assert request.output is not None


def test_a_stored_prompt_may_do_without_input() -> None:
    request = responses(input=None, prompt={"id": "pmpt_1"})
    assert (request.prompt, request.obstacle) == ((), Reason.STORED_PROMPT)


def test_what_is_said_is_repeated() -> None:
    said = {
        "instructions": "Is it spam?",
        "max_output_tokens": 30,
        "metadata": {"a": "b"},
        "parallel_tool_calls": False,
        "temperature": 0.5,
        "tool_choice": "required",
        "top_p": 0.5,
        "truncation": "auto",
        "user": "u",
        "store": False,
        "text": {"format": FORMAT},
    }
    echo = responses(**said, tools=[FLAT], reasoning={"effort": None}, service_tier="auto").echo
    assert echo == said | {"tools": [{"description": None, "strict": True, **FLAT}]}


def test_what_is_not_said_is_left_to_the_writer() -> None:
    assert responses(text=None, temperature=None, tools=[]).echo == {}
    low = {"verbosity": "low", "format": None}
    assert responses(text=low).echo == {"text": {"format": {"type": "text"}, "verbosity": "low"}}


@given(st.binary())
def test_no_bytes_raise(data: bytes) -> None:
    read_request(Endpoint.RESPONSES, data)


@given(st.dictionaries(st.sampled_from([*_JUDGES]) | st.text(max_size=5), json_values(), max_size=6))
def test_no_json_object_raises(changes: dict[str, object]) -> None:
    request = read_request(Endpoint.RESPONSES, body(**changes))
    assert request is not None or not isinstance(changes["input"], str | list)


@pytest.mark.parametrize("data", [b"{}", b"[]", b'{"input":1}', b'{"input":null}', b'{"input":"x"', b"\xff"])
def test_hopeless_bodies_are_none(data: bytes) -> None:
    assert read_request(Endpoint.RESPONSES, data) is None


def test_how_much_is_said_matters_where_no_schema_bounds_it() -> None:
    assert responses(text={"verbosity": "low"}).obstacle is Reason.PARAMETER
