import pytest
from hypothesis import given as given_
from hypothesis import strategies as st

from shadowbert.wire.output_ask import ToolChoice, Transport
from shadowbert.wire.tools import Tools, read_functions, read_tools
from tests.wire.requests import SCHEMA, json_values, named, tool

FUNCTION = {"name": "classify", "parameters": SCHEMA}
FLAT = {"type": "function", **FUNCTION}
CHOICES = [
    (None, ToolChoice.AUTO),
    ("auto", ToolChoice.AUTO),
    ("required", ToolChoice.REQUIRED),
    ("named", ToolChoice.NAMED),
    ("none", None),
    ("any", None),
    ({"type": "allowed_tools", "mode": "required", "tools": [FLAT], "name": "classify"}, None),
    ({"type": "custom", "custom": {"name": "classify"}, "name": "classify"}, None),
    ({"type": "function"}, None),
]


@pytest.mark.parametrize(("choice", "kind"), CHOICES)
def test_nested_and_flat_tools_read_the_same(choice: object, kind: ToolChoice | None) -> None:
    flat = {"type": "function", "name": "classify"} if choice == "named" else choice
    nested = named() if choice == "named" else choice
    read = read_tools([FLAT], flat, nested=False)
    assert read is not None
    assert (read.transport, read.choice, read.called()) == (Transport.TOOL, kind, FLAT if kind else None)
    read = read_tools([tool()], nested, nested=True)
    assert read is not None
    assert (read.transport, read.choice, read.called()) == (Transport.TOOL, kind, FUNCTION if kind else None)


@pytest.mark.parametrize("choice", [None, "none", "auto"])
def test_no_tools_are_none(choice: object) -> None:
    for none in (None, []):
        assert read_tools(none, choice, nested=True) is None
        assert read_functions(none, choice) is None


def test_tools_that_are_asked_for_and_not_there_are_not_none() -> None:
    for read in (read_tools(None, "required", nested=True), read_functions([], {"name": "classify"})):
        assert read is not None
        assert read.called() is None


@pytest.mark.parametrize(
    ("call", "kind"),
    [({"name": "classify"}, ToolChoice.NAMED), ("auto", ToolChoice.AUTO), (None, ToolChoice.AUTO), ("none", None)],
)
def test_legacy_functions_have_their_own_transport(call: object, kind: ToolChoice | None) -> None:
    read = read_functions([FUNCTION], call)
    assert read is not None
    assert (read.transport, read.choice, read.called()) == (Transport.FUNCTION, kind, FUNCTION if kind else None)


def test_only_a_named_function_may_have_others_beside_it() -> None:
    other = {**FUNCTION, "name": "other"}
    for choice, name in ((ToolChoice.NAMED, "other"), (ToolChoice.REQUIRED, None), (ToolChoice.AUTO, None)):
        read = Tools(Transport.TOOL, [FUNCTION, other], choice, name)
        assert read.called() == (other if name else None)
    assert Tools(Transport.TOOL, [other, other], ToolChoice.NAMED, "other").called() is None


@pytest.mark.parametrize(
    "strange",
    [
        {"type": "web_search"},
        {"type": "custom", "name": "classify"},
        {**FLAT, "defer_loading": True},
        {**FLAT, "output_schema": SCHEMA},
        None,
    ],
)
def test_a_tool_that_is_no_plain_function_still_counts(strange: object) -> None:
    read = read_tools([strange], "required", nested=False)
    assert read is not None
    assert list(read.functions) == [{}]


def test_keys_that_hold_nothing_say_nothing() -> None:
    read = read_tools([{**FLAT, "output_schema": None, "strict": None}], None, nested=False)
    assert read is not None
    assert read.called()


@given_(json_values(), json_values(), st.booleans())
def test_no_tools_raise(tools: object, choice: object, nested: bool) -> None:
    for read in (read_tools(tools, choice, nested=nested), read_tools([tools], choice, nested=nested)):
        assert read is None or read.called() in (None, *read.functions)
    read_functions([tools], choice)
