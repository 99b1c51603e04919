"""What uvicorn's parser would lose or refuse of a request that we only pass on, kept.

The target as the request line has it, methods the parser never heard of, bodies beside an offer to switch to HTTP/2
(the parser stops at any offer), trailers kept apart from headers; and what is no HTTP at all is told so in OpenAI's
shape. Refuses to know routes.
"""

import re
from collections.abc import Mapping

from shadowbert.web.limits import LimitedProtocol
from shadowbert.wire.errors import error_body

TARGET = "shadowbert.target"
"""The ASGI extension that holds the request line's target."""

_USUAL = frozenset({b"CONNECT", b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"PATCH", b"POST", b"PRI", b"PUT", b"TRACE"})
_METHOD = re.compile(rb"((?:\r\n)*)([!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}) ")
_STAND_IN = rb"\1POST "
_OFFER = re.compile(rb"(\r\n)(upgrade:)(?![ \t]*websocket)", re.IGNORECASE)
_UNSAID = rb"\1x-shadowbert-\2"
"""Such headers end here, and a server may overlook an offer (RFC 9110, section 7.8)."""
_BODY = error_body(
    "This is not a request that can be read.", code="shadowbert_bad_request", type="invalid_request_error"
)
_REPLY = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b"
) % (len(_BODY), _BODY)


class FaithfulProtocol(LimitedProtocol):
    _between = True
    """Whether the next byte begins a request."""
    _method: str | None = None
    """Of this request, where the parser sees the stand-in."""

    def data_received(self, data: bytes) -> None:
        super().data_received(self._disguised(data) if self._between else data)

    def on_message_begin(self) -> None:
        self._between = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self.headers = []  # for the trailers: whoever sent them might not have been allowed to say them in the head
        # The application starts only after this callback.
        if self._method is not None:
            self.scope["method"], self._method = self._method, None
        if self.url.startswith(b"/"):
            extensions: Mapping[str, object] = {TARGET: self.url}
            self.scope["extensions"] = extensions  # type: ignore[typeddict-item]

    def on_message_complete(self) -> None:
        self._between = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if self._too_large():
            super().send_400_response(msg)
        else:
            self._refuse(_REPLY)

    def _disguised(self, data: bytes) -> bytes:
        """A request's first bytes as the parser can take them. Of a head in several pieces only the first is seen."""
        found = _METHOD.match(data)
        if found is not None and found[2] not in _USUAL:
            self._method = found[2].decode("ascii")
            data = _METHOD.sub(_STAND_IN, data, count=1)
        end = data.find(b"\r\n\r\n")
        offer = _OFFER.search(data, 0, len(data) if end < 0 else end)
        return data if offer is None else data[: offer.start()] + offer.expand(_UNSAID) + data[offer.end() :]
