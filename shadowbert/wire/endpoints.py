"""The readers and writers of each observed endpoint, by its name."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from shadowbert.domain.exchange import Endpoint
from shadowbert.wire.chat_reply import read_chat_reply
from shadowbert.wire.chat_request import read_chat_request
from shadowbert.wire.completions_reply import read_completions_reply
from shadowbert.wire.completions_request import read_completions_request
from shadowbert.wire.encoding import decode
from shadowbert.wire.reply import Reply
from shadowbert.wire.request import Request
from shadowbert.wire.responses_reply import read_responses_reply
from shadowbert.wire.responses_request import read_responses_request
from shadowbert.wire.tolerant import parse_object

_REQUESTS: Mapping[Endpoint, Callable[[dict[str, object]], Request | None]] = MappingProxyType(
    {
        Endpoint.CHAT: read_chat_request,
        Endpoint.RESPONSES: read_responses_request,
        Endpoint.COMPLETIONS: read_completions_request,
    }
)
_REPLIES: Mapping[Endpoint, Callable[[bytes, bool], Reply | None]] = MappingProxyType(
    {
        Endpoint.CHAT: read_chat_reply,
        Endpoint.RESPONSES: read_responses_reply,
        Endpoint.COMPLETIONS: read_completions_reply,
    }
)


def read_request(endpoint: Endpoint, body: bytes) -> Request | None:
    """None where the body is not a request of this endpoint; never raises."""
    parsed = parse_object(body)
    return None if parsed is None else _REQUESTS[endpoint](parsed)


def read_reply(endpoint: Endpoint, body: bytes, *, content_type: str, content_encoding: str) -> Reply | None:
    """None where no reply can be made out (an error body, another encoding); never raises."""
    plain = decode(body, content_encoding)
    if plain is None:
        return None
    streamed = "event-stream" in content_type.lower() or plain.lstrip()[:1] != b"{"
    return _REPLIES[endpoint](plain, streamed)
