import pytest

from shadowbert.domain.route import Reason
from shadowbert.wire.output_ask import ToolChoice, Transport, read_output, schema_key
from tests.wire.requests import FORMAT, SCHEMA, named, tool


def test_a_response_format_asks_for_content() -> None:
    ask, reason = read_output({"response_format": FORMAT, "tools": [], "tool_choice": None})
    assert reason is None
    assert ask is not None
    assert (ask.transport, ask.name, ask.schema, ask.tool_choice) == (Transport.CONTENT, "spam", SCHEMA, None)
    assert ask.schema_key == schema_key(SCHEMA)


def test_a_forced_tool_asks_for_its_arguments() -> None:
    for choice, kind in ((named(), ToolChoice.NAMED), ("required", ToolChoice.REQUIRED)):
        ask, reason = read_output({"tools": [tool()], "tool_choice": choice})
        assert reason is None
        assert ask is not None
        assert (ask.transport, ask.name, ask.schema, ask.tool_choice) == (Transport.TOOL, "classify", SCHEMA, kind)


def test_what_is_said_beside_the_schema_is_kept() -> None:
    holder = {"name": "spam", "schema": SCHEMA, "parameters": SCHEMA}
    for said, kept in (("Ads only.", "Ads only."), (None, ""), (7, ""), ([], "")):
        function = {"type": "function", "function": holder | {"description": said}}
        for body in (
            {"response_format": {"type": "json_schema", "json_schema": holder | {"description": said}}},
            {"tools": [function], "tool_choice": "required"},
        ):
            ask, _ = read_output(body)
            assert ask is not None
            assert ask.description == kept


@pytest.mark.parametrize(
    "body",
    [
        {"tools": [tool(), tool("other")], "tool_choice": named()},  # the others are part of the prompt
        {"tools": [tool()], "tool_choice": named(), "response_format": FORMAT},
        {"tools": [tool()], "response_format": FORMAT},  # the model may call the tool instead
        {"response_format": FORMAT, "tool_choice": "required"},
    ],
)
def test_an_ask_beside_other_tools_is_read_but_barred(body: dict[str, object]) -> None:
    ask, reason = read_output(body)
    assert ask is not None
    assert reason is Reason.TOOLS


@pytest.mark.parametrize(
    "body",
    [
        {"tools": [tool()]},
        {"tools": [tool()], "tool_choice": "auto"},
        {"tools": [tool(), tool("other")], "tool_choice": "required"},
        {"tools": [tool(), {"type": "custom", "custom": {"name": "x"}}], "tool_choice": "required"},
        {"tools": [tool(), tool()], "tool_choice": named()},
        {"tools": [tool()], "tool_choice": named("other")},
        {"tools": [tool()], "tool_choice": {"type": "allowed_tools"}},
        {"tools": [{"type": "function", "function": {"name": "classify"}}], "tool_choice": named()},
        {"tools": {"type": "function"}, "tool_choice": "required"},
        {"tools": [None], "tool_choice": "required"},
    ],
)
def test_tools_that_force_nothing_closed_ask_for_nothing(body: dict[str, object]) -> None:
    assert read_output(body) == (None, Reason.TOOLS)


@pytest.mark.parametrize(
    "response_format",
    [
        None,
        "json",
        {"type": "text"},
        {"type": "json_object"},
        {"type": "json_schema"},
        {"type": "json_schema", "json_schema": {"name": "x", "schema": True}},
        {"type": "json_schema", "json_schema": {"schema": SCHEMA}},
    ],
)
def test_other_formats_ask_for_nothing(response_format: object) -> None:
    assert read_output({"response_format": response_format}) == (None, None)


def test_the_schema_key_keeps_property_order_apart() -> None:
    one, two = {"type": "boolean"}, {"type": "null"}
    keys = {schema_key({"properties": {"a": one, "b": two}}), schema_key({"properties": {"b": two, "a": one}})}
    assert len(keys) == 2
