"""How much of a request's head the server holds: uvicorn's parser has no limit of its own and would fill our memory.

Counts what the parser tells of a message (request line, headers, trailers) and what it swallows without telling: it
says a header only when the header is whole. Refuses to know routes; bodies are bounded elsewhere.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shadowbert.wire.errors import error_body

MAX_HEAD = 64 * 1024
"""Bytes; beyond it at most two reads of a socket are held."""

_BODY = error_body(
    f"The request's headers are larger than {MAX_HEAD // 1024} KiB.",
    code="shadowbert_headers_too_large",
    type="invalid_request_error",
)
_REPLY = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b"
) % (len(_BODY), _BODY)


class HeadTooLarge(Exception):
    """Raised inside the parser, which stops and reports it to uvicorn as a bad request."""


class LimitedProtocol(HttpToolsProtocol):
    _head = 0
    """Bytes of this message's request line, headers and trailers."""
    _silent = 0
    """Bytes fed since the parser last told us anything."""

    def data_received(self, data: bytes) -> None:
        self._silent += len(data)
        super().data_received(data)
        if self._silent > MAX_HEAD and not self.transport.is_closing():
            self._refuse()

    def on_message_begin(self) -> None:
        self._head = self._silent = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._silent = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._silent = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if self._too_large():
            self._refuse()
        else:
            super().send_400_response(msg)

    def _too_large(self) -> bool:
        return self._head > MAX_HEAD

    def _count(self, size: int) -> None:
        self._silent = 0
        self._head += size
        if self._too_large():
            raise HeadTooLarge

    def _refuse(self, reply: bytes = _REPLY) -> None:
        """Says nothing where an earlier reply is on its way: a client would take this for a part of it."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(reply)
        self.transport.close()
