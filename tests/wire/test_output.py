import pytest

from shadowbert.domain.route import Reason
from shadowbert.domain.template import Message
from shadowbert.wire.output import TEXT, Format, read_output
from shadowbert.wire.output_ask import OutputAsk, Statement, ToolChoice, Transport, schema_key
from shadowbert.wire.tools import Tools
from tests.wire.requests import SCHEMA, in_prose, nested

FUNCTION = {"name": "classify", "parameters": SCHEMA}
STATED = Format("json_schema", {"name": "spam", "schema": SCHEMA, "description": "Ads only."})
TOLD = (Message("system", in_prose(SCHEMA)), Message("user", "Win a prize"))


def asked(
    form: Format = TEXT, tools: Tools | None = None, prompt: tuple[Message, ...] | None = None
) -> tuple[OutputAsk, Reason | None]:
    output, reason = read_output(form, tools, prompt)
    assert output is not None
    return output, reason


def tools(*functions: dict[str, object], choice: ToolChoice = ToolChoice.NAMED) -> Tools:
    return Tools(Transport.TOOL, functions, choice, "classify")


def test_a_format_asks_for_content() -> None:
    output, reason = asked(STATED)
    assert reason is None
    assert output == OutputAsk(Transport.CONTENT, SCHEMA, schema_key(SCHEMA), "spam", None, "Ads only.")


@pytest.mark.parametrize("choice", list(ToolChoice))
def test_a_function_asks_for_its_arguments(choice: ToolChoice) -> None:
    output, reason = asked(tools=tools(FUNCTION, choice=choice))
    assert reason is None
    assert output == OutputAsk(Transport.TOOL, SCHEMA, schema_key(SCHEMA), "classify", choice)


def test_a_function_and_an_equal_format_ask_for_one_call() -> None:
    output, reason = asked(STATED, tools(FUNCTION))
    assert (output.transport, output.name, reason) == (Transport.TOOL, "classify", None)


@pytest.mark.parametrize(
    ("form", "offered", "transport"),
    [
        (Format("json_schema", {"name": "x", "schema": {**SCHEMA, "title": "x"}}), tools(FUNCTION), Transport.TOOL),
        (Format("json_object"), tools(FUNCTION), Transport.TOOL),
        (Format(), tools(FUNCTION, {**FUNCTION, "name": "other"}), Transport.TOOL),
        (Format(), tools(FUNCTION, {}), Transport.TOOL),
        (STATED, tools(FUNCTION, choice=ToolChoice.AUTO), Transport.CONTENT),
        (STATED, tools(FUNCTION, FUNCTION, choice=ToolChoice.REQUIRED), Transport.CONTENT),
    ],
)
def test_an_ask_beside_others_is_read_but_barred(form: Format, offered: Tools, transport: Transport) -> None:
    output, reason = asked(form, offered)
    assert (output.transport, reason) == (transport, Reason.TOOLS)


@pytest.mark.parametrize(
    "offered",
    [
        tools(FUNCTION, {**FUNCTION, "name": "other"}, choice=ToolChoice.AUTO),
        tools({}, choice=ToolChoice.REQUIRED),
        tools({"name": "classify"}),
        tools({"name": "classify", "parameters": True}),
        tools({"name": "", "parameters": SCHEMA}, choice=ToolChoice.REQUIRED),
        tools({"name": "classify", "parameters": nested(300)}),
        Tools(Transport.TOOL, [FUNCTION], None),
        Tools(Transport.TOOL, [], ToolChoice.REQUIRED),
    ],
)
def test_tools_that_no_one_must_call_ask_for_nothing(offered: Tools) -> None:
    assert read_output(Format(), offered, TOLD) == (None, Reason.TOOLS)


@pytest.mark.parametrize(
    "form",
    [
        Format(""),
        Format("grammar"),
        Format("json_schema"),
        Format("json_schema", {"name": "x", "schema": True}),
        Format("json_schema", {"schema": SCHEMA}),
        Format("json_schema", {"name": "x", "schema": nested(300)}),
    ],
)
def test_formats_that_cannot_be_read_ask_for_nothing(form: Format) -> None:
    assert read_output(form, None, TOLD) == (None, None)


@pytest.mark.parametrize("kind", ["text", "json_object"])
def test_a_schema_in_prose_counts_where_the_request_states_none(kind: str) -> None:
    output, reason = asked(Format(kind), prompt=TOLD)
    assert (output.statement, output.schema, output.name, reason) == (Statement.PROSE, SCHEMA, "", None)
    titled = {**SCHEMA, "title": "Spam"}
    output, _ = asked(Format(kind), prompt=(Message("system", in_prose(titled)),))
    assert (output.name, output.schema_key) == ("Spam", schema_key(titled))


def test_without_a_schema_the_kind_of_text_is_what_is_known() -> None:
    for kind, statement in (("text", Statement.TEXT), ("json_object", Statement.JSON)):
        for prompt in (None, (), (Message("user", "Win a prize"),)):
            output, reason = asked(Format(kind), prompt=prompt)
            assert (output.statement, output.schema, output.transport, reason) == (
                statement,
                {},
                Transport.CONTENT,
                None,
            )
    biased, _ = asked(Format(bias={"1": 100}))
    assert biased.schema_key != asked(Format())[0].schema_key
