"""Reads which output a chat request asks for: a JSON schema, by `response_format` or by a forced tool call.

Refuses to know whether the schema is a closed set.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

import orjson

from shadowbert.domain.route import Reason
from shadowbert.wire.tolerant import as_list, as_object, as_text


class Transport(StrEnum):
    """Where the answer goes."""

    CONTENT = "content"
    TOOL = "tool"
    FUNCTION = "function"  # the legacy `function_call`


class ToolChoice(StrEnum):
    NAMED = "named"
    REQUIRED = "required"
    AUTO = "auto"


class Statement(StrEnum):
    """Where the contract stands; or, where it stands nowhere, what is known of the answer."""

    BODY = "body"  # a schema in the request's own field
    PROSE = "prose"  # a schema inside a message
    JSON = "json"  # a JSON object of a shape that nobody states
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class OutputAsk:
    """The output that is asked for. `name` and `description` are the schema's or the tool's; where no schema is stated
    it is empty, and `schema_key` stands for all else that the answer must follow.
    """

    transport: Transport
    schema: Mapping[str, object]
    schema_key: bytes
    name: str
    tool_choice: ToolChoice | None
    description: str = ""
    statement: Statement = Statement.BODY


def schema_key(schema: Mapping[str, object]) -> bytes:
    """Names a schema's exact text, property order included: a key for caches (16 bytes), never an identity of tasks."""
    return blake2b(orjson.dumps(schema), digest_size=16).digest()


def read_output(body: Mapping[str, object]) -> tuple[OutputAsk | None, Reason | None]:
    """What is asked for, and TOOLS where the model may still answer otherwise or sees tools beside the forced one."""
    content = _content_ask(body.get("response_format"))
    tools, choice = body.get("tools"), body.get("tool_choice")
    if tools is None or tools == []:
        return content, None if choice in (None, "none", "auto") else Reason.TOOLS
    forced = _forced_tool(as_list(tools), choice)
    if forced is None:
        return content, Reason.TOOLS
    alone = len(as_list(tools)) == 1 and body.get("response_format") in (None, {"type": "text"})
    return forced, None if alone else Reason.TOOLS


def _content_ask(response_format: object) -> OutputAsk | None:
    ask = as_object(response_format)
    if ask.get("type") != "json_schema":
        return None
    return _ask(Transport.CONTENT, as_object(ask.get("json_schema")), "schema", None)


def _forced_tool(tools: list[object], choice: object) -> OutputAsk | None:
    functions = [as_object(as_object(t).get("function")) for t in tools if as_object(t).get("type") == "function"]
    if choice == "required":
        only = functions[0] if len(tools) == len(functions) == 1 else {}
        return _ask(Transport.TOOL, only, "parameters", ToolChoice.REQUIRED)
    wanted = as_object(choice)
    name = as_text(as_object(wanted.get("function")).get("name"))
    if wanted.get("type") != "function" or name is None:
        return None
    named = [function for function in functions if function.get("name") == name]
    return _ask(Transport.TOOL, named[0], "parameters", ToolChoice.NAMED) if len(named) == 1 else None


def _ask(transport: Transport, holder: Mapping[str, object], key: str, choice: ToolChoice | None) -> OutputAsk | None:
    schema, name = holder.get(key), as_text(holder.get("name"))
    if not isinstance(schema, dict) or not name:
        return None
    description = as_text(holder.get("description")) or ""
    return OutputAsk(transport, schema, schema_key(schema), name, choice, description)
