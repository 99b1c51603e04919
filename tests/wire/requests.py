"""Chat requests for tests: a small valid one, and any change to it."""

import json

import orjson
from hypothesis import strategies as st

from shadowbert.domain.exchange import Endpoint
from shadowbert.wire.endpoints import read_request
from shadowbert.wire.request import Request

SCHEMA = {
    "type": "object",
    "properties": {"label": {"type": "string", "enum": ["spam", "ham"]}},
    "required": ["label"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "spam", "strict": True, "schema": SCHEMA}}
MESSAGES = [{"role": "system", "content": "Is it spam?"}, {"role": "user", "content": "Win a prize"}]


def tool(name: str = "classify") -> dict[str, object]:
    return {"type": "function", "function": {"name": name, "parameters": SCHEMA}}


def named(name: str = "classify") -> dict[str, object]:
    return {"type": "function", "function": {"name": name}}


def in_prose(schema: dict[str, object]) -> str:
    """As instructor writes it into the system message."""
    return (
        f"Is it spam?\n\n  Match the following json_schema:\n\n  {json.dumps(schema, indent=2)}\n\n  Not the schema!\n"
    )


def nested(levels: int) -> dict[str, object]:
    schema: dict[str, object] = {"type": "string"}
    for _ in range(levels):
        schema = {"items": schema}
    return schema


def request_body(**changes: object) -> bytes:
    return orjson.dumps({"model": "gpt-4o", "messages": MESSAGES, "response_format": FORMAT} | changes)


def chat_request(**changes: object) -> Request:
    request = read_request(Endpoint.CHAT, request_body(**changes))
    assert request is not None
    return request


def json_values(*, leaves: int = 10) -> st.SearchStrategy[object]:
    scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text()
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=leaves,
    )
