"""Decides which output a request asks for, from the format and the tools it names, whatever its endpoint calls them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from shadowbert.domain.route import Reason
from shadowbert.domain.template import Prompt
from shadowbert.wire.output_ask import OutputAsk, Statement, ToolChoice, Transport, schema_key, unstated
from shadowbert.wire.prose import schema_in_prose
from shadowbert.wire.tolerant import as_text
from shadowbert.wire.tools import Tools

_UNSTATED = MappingProxyType({"text": Statement.TEXT, "json_object": Statement.JSON})


class Format(NamedTuple):
    """The answer's text: its `kind` as OpenAI names it, what holds the schema of a `json_schema`, the token bias."""

    kind: str = "text"
    holder: Mapping[str, object] = MappingProxyType({})
    bias: Mapping[str, float] = MappingProxyType({})


TEXT = Format()


def read_output(asked: Format, tools: Tools | None, prompt: Prompt | None) -> tuple[OutputAsk | None, Reason | None]:
    """What is asked for, and TOOLS where the model may still answer otherwise or sees tools beside the one to call.

    `prompt` is searched for a schema only where the request's own fields could state one and do not.
    """
    if tools is None:
        return _content(asked, prompt), None
    stated, called = _stated(asked), _called(tools)
    if called is None or (stated is not None and tools.choice is ToolChoice.AUTO):
        return stated, Reason.TOOLS
    same = asked.kind == "text" or (stated is not None and stated.schema_key == called.schema_key)
    return called, None if same and len(tools.functions) == 1 else Reason.TOOLS


def _content(asked: Format, prompt: Prompt | None) -> OutputAsk | None:
    statement = _UNSTATED.get(asked.kind)
    if statement is None:
        return _stated(asked)
    schema = schema_in_prose(prompt) if prompt else None
    if schema is not None:
        named = {"name": schema.get("title")}
        found = _ask(Transport.CONTENT, schema, named, statement=Statement.PROSE, kind=asked.kind)
        if found is not None:
            return found
    return unstated(statement, asked.bias)


def _stated(asked: Format) -> OutputAsk | None:
    if asked.kind != "json_schema" or not as_text(asked.holder.get("name")):
        return None
    return _ask(Transport.CONTENT, asked.holder.get("schema"), asked.holder)


def _called(tools: Tools) -> OutputAsk | None:
    function = tools.called() or {}
    if not as_text(function.get("name")):
        return None
    return _ask(tools.transport, function.get("parameters"), function, choice=tools.choice)


def _ask(
    transport: Transport,
    schema: object,
    holder: Mapping[str, object],
    *,
    statement: Statement = Statement.BODY,
    choice: ToolChoice | None = None,
    kind: str = "",
) -> OutputAsk | None:
    """None where the schema is no object, or is nested deeper than anything that could be read."""
    if not isinstance(schema, dict):
        return None
    try:
        key = schema_key(schema)
    except TypeError:
        return None
    name, description = as_text(holder.get("name")), as_text(holder.get("description"))
    return OutputAsk(transport, schema, key, name or "", choice, description or "", statement, kind)
