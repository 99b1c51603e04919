"""Reads a chat completion request: what is asked, in which form, and what forbids a local answer.

Judges the request alone; knows nothing of tasks, stages or callers.
"""

from collections.abc import Mapping

from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.route import Reason
from shadowbert.wire.chat_parameters import chat_obstacle
from shadowbert.wire.messages import read_messages
from shadowbert.wire.output import TEXT, Format, read_output
from shadowbert.wire.request import Request
from shadowbert.wire.tolerant import as_count, as_object, as_text
from shadowbert.wire.tools import Tools, read_functions, read_tools


def read_chat_request(parsed: dict[str, object]) -> Request | None:
    """None where there is no list of messages; never raises."""
    messages = parsed.get("messages")
    if not isinstance(messages, list):
        return None
    plain, said = read_messages(messages)
    prompt = plain if said is None else None
    output, tools = read_output(_format(parsed), _tools(parsed), prompt)
    metadata = parsed.get("metadata")
    return Request(
        endpoint=Endpoint.CHAT,
        model=as_text(parsed.get("model")) or "",
        prompt=prompt,
        opening=plain if said is Reason.HISTORY else None,
        output=output,
        stream=parsed.get("stream") is True,
        include_usage=as_object(parsed.get("stream_options")).get("include_usage") is True,
        obstacle=said or tools or chat_obstacle(parsed, output),
        explicit_task=as_text(as_object(metadata).get("task")) or None,
        metadata=metadata if isinstance(metadata, dict) else None,
        max_tokens=_max_tokens(parsed),
        stop=_stop(parsed.get("stop")),
        top_logprobs=(as_count(parsed.get("top_logprobs")) or 0) if parsed.get("logprobs") is True else None,
    )


def _format(body: Mapping[str, object]) -> Format:
    given, bias = body.get("response_format"), body.get("logit_bias")
    if given is None:
        return Format(bias=_weights(bias)) if bias else TEXT
    asked = as_object(given)
    return Format(as_text(asked.get("type")) or "", as_object(asked.get("json_schema")), _weights(bias) if bias else {})


def _weights(bias: object) -> dict[str, float]:
    return {token: weight for token, weight in as_object(bias).items() if isinstance(weight, int | float)}


def _tools(body: Mapping[str, object]) -> Tools | None:
    tools = read_tools(body.get("tools"), body.get("tool_choice"), nested=True)
    functions = read_functions(body.get("functions"), body.get("function_call"))
    if tools is None or functions is None:
        return tools or functions
    return Tools(tools.transport, (), None)  # tools beside functions: upstream decides which count


def _max_tokens(body: Mapping[str, object]) -> int | None:
    older, newer = as_count(body.get("max_tokens")), as_count(body.get("max_completion_tokens"))
    if older is None or newer is None:
        return newer if older is None else older
    return min(older, newer)


def _stop(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(text for text in value if isinstance(text, str))
    return (value,) if isinstance(value, str) else ()
