"""Which headers cross the relay and which end at it (RFC 9110, section 7.6.1). Knows nothing of bodies."""

import re
from collections.abc import Iterable, Sequence

from shadowbert.errors import UpstreamError

Pairs = Sequence[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# The server in front of us has answered an Expect already; the client behind us writes its own Host.
_REQUEST_ONLY = HOP_BY_HOP | {b"host", b"expect", b"content-length"}
_OURS = b"x-shadowbert-"
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNFIT = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_DECODABLE = frozenset({b"gzip", b"x-gzip", b"deflate", b"identity"})


def request_headers(headers: Pairs) -> list[tuple[bytes, bytes]]:
    """The end-to-end headers of a request. Host and Content-Length are for the sender to compute."""
    return [
        (name, narrow_encodings(value) if lower == b"accept-encoding" else value)
        for name, value, lower in _crossing(headers, _REQUEST_ONLY)
    ]


def reply_headers(headers: Pairs, *, bodiless: bool) -> list[tuple[bytes, bytes]]:
    """The end-to-end headers of a reply; raises UpstreamError for one that no server may send.

    A 204 or 304 loses its Content-Length: it has no body to be counted.
    """
    dropped = HOP_BY_HOP | {b"content-length"} if bodiless else HOP_BY_HOP
    crossing = [(name, value) for name, value, _ in _crossing(headers, dropped)]
    if any(not _NAME.fullmatch(name) or _UNFIT.search(value) for name, value in crossing):
        raise UpstreamError("The upstream API's reply has a header that is no HTTP.")
    return crossing


def narrow_encodings(value: bytes) -> bytes:
    """Accept-Encoding without what we could not decode for the log; unchanged where nothing is lost.

    >>> narrow_encodings(b"gzip, deflate")
    b'gzip, deflate'
    >>> narrow_encodings(b"gzip;q=0.8, br, zstd")
    b'gzip;q=0.8'
    >>> narrow_encodings(b"br")
    b'identity'
    """
    offered = value.split(b",")
    kept = [offer for offer in offered if offer.partition(b";")[0].strip().lower() in _DECODABLE]
    if len(kept) == len(offered):
        return value
    return b",".join(kept).strip() or b"identity"


def _crossing(headers: Pairs, dropped: frozenset[bytes]) -> Iterable[tuple[bytes, bytes, bytes]]:
    named = _named_by_connection(headers)
    for name, value in headers:
        lower = name.lower()
        if lower not in dropped and lower not in named and not lower.startswith(_OURS):
            yield name, value, lower


def _named_by_connection(headers: Pairs) -> frozenset[bytes]:
    values = [value for name, value in headers if name.lower() == b"connection"]
    if not values:
        return frozenset()
    return frozenset(token.strip().lower() for value in values for token in value.split(b","))
