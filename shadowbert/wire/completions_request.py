"""Reads a request of the legacy completions endpoint, which is logged and never answered locally."""

from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.route import Reason
from shadowbert.domain.template import Message
from shadowbert.wire.request import Request
from shadowbert.wire.tolerant import as_count, as_object, as_text


def read_completions_request(parsed: dict[str, object]) -> Request | None:
    """None where there is no prompt; never raises. A prompt of tokens, or several prompts, leave none."""
    if "prompt" not in parsed:
        return None
    text = as_text(parsed["prompt"])
    return Request(
        endpoint=Endpoint.COMPLETIONS,
        model=as_text(parsed.get("model")) or "",
        prompt=None if text is None else (Message("user", text),),
        output=None,
        stream=parsed.get("stream") is True,
        include_usage=as_object(parsed.get("stream_options")).get("include_usage") is True,
        obstacle=Reason.NOT_TEXT if text is None else Reason.LEGACY_ENDPOINT,
        max_tokens=as_count(parsed.get("max_tokens")),
    )
