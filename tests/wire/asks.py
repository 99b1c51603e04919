"""Requests of every endpoint and transport as their readers give them, and one answer to all of them."""

from shadowbert.domain.exchange import Endpoint
from shadowbert.wire.local_answer import LocalAnswer, TokenLogprob
from shadowbert.wire.output_ask import OutputAsk, ToolChoice, Transport, schema_key
from shadowbert.wire.request import Request
from tests.wire.requests import SCHEMA

TEXT = '{"label":"très bon"}'
ANSWER = LocalAnswer(TEXT, "gpt-4o-2024-08-06", "fp_shadowbert_1", 10, 5, "exchange-1", 1_763_876_543)
LOGPROBS = (TokenLogprob('{"label":"', 0.0, ()), TokenLogprob('très bon"}', -0.25, (("très bon", -0.25), ("bad", -2))))

_FORMAT = {"type": "json_schema", "name": "classify", "strict": True, "schema": SCHEMA}
_TOOL = {"type": "function", "name": "classify", "strict": True, "parameters": SCHEMA}
_TEXT_ECHO = {"text": {"format": _FORMAT}, "instructions": "Is it spam?", "metadata": {"team": "a"}, "temperature": 0.0}


def ask(
    endpoint: Endpoint,
    transport: Transport = Transport.CONTENT,
    choice: ToolChoice | None = None,
    echo: dict[str, object] | None = None,
) -> Request:
    output = OutputAsk(transport, SCHEMA, schema_key(SCHEMA), "classify", choice)
    return Request(endpoint, "gpt-4o", (), output, stream=False, include_usage=False, obstacle=None, echo=echo or {})


CHAT = {
    "content": ask(Endpoint.CHAT),
    "named": ask(Endpoint.CHAT, Transport.TOOL, ToolChoice.NAMED),
    "required": ask(Endpoint.CHAT, Transport.TOOL, ToolChoice.REQUIRED),
    "auto": ask(Endpoint.CHAT, Transport.TOOL, ToolChoice.AUTO),
    "function": ask(Endpoint.CHAT, Transport.FUNCTION, ToolChoice.NAMED),
    "free-function": ask(Endpoint.CHAT, Transport.FUNCTION, ToolChoice.AUTO),
}
RESPONSES = {
    "message": ask(Endpoint.RESPONSES, echo=_TEXT_ECHO),
    "call": ask(
        Endpoint.RESPONSES,
        Transport.TOOL,
        ToolChoice.NAMED,
        {"tools": [_TOOL], "tool_choice": {"type": "function", "name": "classify"}, "parallel_tool_calls": False},
    ),
}
EVERY = {**CHAT, **RESPONSES}
