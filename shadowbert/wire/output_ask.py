"""What a request asks the LLM to answer with: the words that its readers and the writers of answers share.

Refuses to know whether a schema is a closed set, and how an endpoint spells it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

import orjson


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
    kind: str = ""
    """Of a schema in prose: the format's type as OpenAI names it, `json_object` or `text`."""


def schema_key(schema: Mapping[str, object]) -> bytes:
    """Names a schema's exact text, property order included: a key for caches (16 bytes), never an identity of tasks.

    Raises TypeError for what orjson does not write: more than 254 levels, for one.
    """
    return blake2b(orjson.dumps(schema), digest_size=16).digest()


def unstated(statement: Statement, bias: Mapping[str, float]) -> OutputAsk:
    """An answer of no stated schema; a token bias says which words it may hold."""
    said = orjson.dumps([statement, dict(bias)], option=orjson.OPT_SORT_KEYS)
    return OutputAsk(Transport.CONTENT, {}, blake2b(said, digest_size=16).digest(), "", None, statement=statement)
