"""Reads a chat completion request: what is asked, in which form, and what forbids a local answer.

Judges the request alone; knows nothing of tasks, stages or callers.
"""

from collections.abc import Mapping

from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.route import Reason
from shadowbert.wire.messages import read_messages
from shadowbert.wire.output_ask import read_output
from shadowbert.wire.parameters import parameter_obstacle
from shadowbert.wire.request import Request
from shadowbert.wire.tolerant import as_count, as_object, as_text


def read_chat_request(parsed: dict[str, object]) -> Request | None:
    """None where there is no list of messages; never raises."""
    messages = parsed.get("messages")
    if not isinstance(messages, list):
        return None
    read = read_messages(messages)
    prompt, said = (None, read) if isinstance(read, Reason) else (read, None)
    output, tools = read_output(parsed)
    metadata = parsed.get("metadata")
    return Request(
        endpoint=Endpoint.CHAT,
        model=as_text(parsed.get("model")) or "",
        prompt=prompt,
        output=output,
        stream=parsed.get("stream") is True,
        include_usage=as_object(parsed.get("stream_options")).get("include_usage") is True,
        obstacle=said or tools or parameter_obstacle(parsed),
        explicit_task=as_text(as_object(metadata).get("task")) or None,
        metadata=metadata if isinstance(metadata, dict) else None,
        max_tokens=_max_tokens(parsed),
        stop=_stop(parsed.get("stop")),
    )


def _max_tokens(body: Mapping[str, object]) -> int | None:
    given = (as_count(body.get("max_tokens")), as_count(body.get("max_completion_tokens")))
    return min((limit for limit in given if limit is not None), default=None)


def _stop(value: object) -> tuple[str, ...]:
    texts = value if isinstance(value, list) else [value]
    return tuple(text for text in texts if isinstance(text, str))
