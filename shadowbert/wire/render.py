"""Renders a local answer in the shape its request asked for: its endpoint, its transport, one body or a stream.

The whole answer exists before the first byte; nothing here decides anything.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from shadowbert.domain.exchange import Endpoint
from shadowbert.wire.local_answer import LocalAnswer
from shadowbert.wire.render_chat import chat_body, chat_frames
from shadowbert.wire.render_responses import responses_body, responses_frames
from shadowbert.wire.request import Request

_BODIES: Mapping[Endpoint, Callable[[Request, LocalAnswer], bytes]] = MappingProxyType(
    {Endpoint.CHAT: chat_body, Endpoint.RESPONSES: responses_body}
)
_FRAMES: Mapping[Endpoint, Callable[[Request, LocalAnswer], list[bytes]]] = MappingProxyType(
    {Endpoint.CHAT: chat_frames, Endpoint.RESPONSES: responses_frames}
)


def render(request: Request, answer: LocalAnswer) -> tuple[bytes, list[bytes]]:
    """The content type and the body: one JSON document, or the frames of a stream in order.

    Raises KeyError for legacy completions, which are never answered locally.
    """
    if request.stream:
        return b"text/event-stream; charset=utf-8", _FRAMES[request.endpoint](request, answer)
    return b"application/json", [_BODIES[request.endpoint](request, answer)]
