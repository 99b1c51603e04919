"""Request bodies as the HTTP client takes them. Knows whether a body has begun to go out, never what it means.

A body also carries its request's head where that must go out byte for byte: aiohttp spells heads as UTF-8 text only,
and holds them back until the body's first byte.
"""

from collections.abc import AsyncIterator

from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import StreamWriter
from aiohttp.payload import AsyncIterablePayload, BytesPayload

_PIECE = 64 * 1024
_WARNED = 1024 * 1024
"""aiohttp warns about larger bodies in one piece."""


class WatchedBody(BytesPayload):
    """A body that tells whether anything was written: its request's head leaves together with its first byte."""

    begun = False
    head: bytes | None = None

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        transport = writer.transport
        self.begun = transport is not None and not transport.is_closing()
        _put_head(writer, self.head)
        await super().write_with_length(writer, content_length)


class StreamedBody(AsyncIterablePayload):
    head: bytes | None = None

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        _put_head(writer, self.head)
        await super().write_with_length(writer, content_length)


def payload(body: bytes | AsyncIterator[bytes], head: bytes | None) -> WatchedBody | StreamedBody | None:
    """`head` is the request's head where the HTTP client's own would differ."""
    if body == b"" and head is None:
        return None
    if isinstance(body, bytes):
        carried = WatchedBody(body) if len(body) <= _WARNED else StreamedBody(_pieces(body))
    else:
        carried = StreamedBody(body)
    carried.head = head
    return carried


def _put_head(writer: AbstractStreamWriter, head: bytes | None) -> None:
    if head is not None and isinstance(writer, StreamWriter):
        writer._headers_buf = head  # noqa: SLF001 - there is no other way in; a test on raw sockets watches it


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]
