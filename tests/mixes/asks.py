"""The ways of asking for a closed set of labels: from messages and fields to a request, and to the teacher's reply."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import orjson

from shadowbert.domain.exchange import Endpoint, Exchange, Outcome
from shadowbert.testing.calls import UNKNOWN
from shadowbert.testing.completions import Completion, whole
from shadowbert.testing.exchanges import an_exchange
from shadowbert.testing.responses import whole_response

Way = Literal["schema", "tool", "responses", "prose", "json_object", "word"]
Fields = Mapping[str, Sequence[str | bool]]
WAYS: tuple[Way, ...] = ("schema", "tool", "responses", "prose", "json_object", "word")
AT = 1_760_000_000.0


def schema_of(fields: Fields) -> dict[str, Any]:
    properties = {
        name: {"type": "boolean"} if isinstance(labels[0], bool) else {"type": "string", "enum": list(labels)}
        for name, labels in fields.items()
    }
    return {"type": "object", "properties": properties, "required": list(fields), "additionalProperties": False}


def ask(way: Way, model: str, messages: list[dict[str, Any]], *, name: str, fields: Fields) -> dict[str, Any]:
    """The body of the request."""
    schema, body = schema_of(fields), {"model": model, "messages": messages}
    if way == "schema":
        holder = {"name": name, "strict": True, "schema": schema}
        return body | {"response_format": {"type": "json_schema", "json_schema": holder}}
    if way == "tool":
        tool = {"type": "function", "function": {"name": name, "parameters": schema}}
        return body | {"tools": [tool], "tool_choice": {"type": "function", "function": {"name": name}}}
    if way == "responses":
        return _responses(model, messages) | {
            "text": {"format": {"type": "json_schema", "name": name, "strict": True, "schema": schema}}
        }
    if way == "prose":
        told = "Answer with JSON of this schema:\n" + orjson.dumps(schema, option=orjson.OPT_INDENT_2).decode()
        messages = [{"role": "system", "content": told}, *messages]
        return {"model": model, "messages": messages, "response_format": {"type": "json_object"}}
    return body | ({"response_format": {"type": "json_object"}} if way == "json_object" else {"max_tokens": 8})


def _responses(model: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The first instruction apart, and a lone text as text: what the SDKs do."""
    first, rest = messages[0], messages[1:]
    apart = first["role"] == "system" and isinstance(first["content"], str) and bool(rest)
    items = [_item(message) for message in (rest if apart else messages)]
    lone = len(items) == 1 and items[0]["role"] == "user" and isinstance(items[0]["content"], str)
    body: dict[str, Any] = {"model": model, "input": items[0]["content"] if lone else items}
    return body | ({"instructions": first["content"]} if apart else {})


def _item(message: Mapping[str, Any]) -> dict[str, Any]:
    content = message["content"]
    if isinstance(content, list):
        content = [{"type": "input_text", "text": part["text"]} for part in content]
    return {"role": message["role"], "content": content}


def answer(way: Way, labels: Mapping[str, object]) -> str:
    return str(next(iter(labels.values()))) if way == "word" else orjson.dumps(labels).decode()


def exchange(body: Mapping[str, Any], said: str, *, number: int, tool: str | None = None) -> Exchange:
    """The call as the proxy logs it; a body with `input` went to the Responses API."""
    responses = "input" in body
    completion = Completion(said, number, 40, model=str(body["model"]), tool=tool)
    return an_exchange(
        path="/v1/responses" if responses else "/v1/chat/completions",
        endpoint=Endpoint.RESPONSES if responses else Endpoint.CHAT,
        received_at=AT + number,
        outcome=Outcome.COMPLETE,
        route=UNKNOWN,
        request_body=orjson.dumps(body),
        response_body=whole_response(completion, body) if responses else whole(completion),
    )
