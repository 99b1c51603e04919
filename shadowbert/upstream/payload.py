"""Request bodies as the HTTP client takes them. Knows whether a body has begun to go out, never what it means."""

from collections.abc import AsyncIterator

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import BytesPayload

_PIECE = 64 * 1024
_WARNED = 1024 * 1024
"""aiohttp warns about larger bodies in one piece."""


class WatchedBody(BytesPayload):
    """A body that tells whether anything was written: its request's head leaves together with its first byte."""

    begun = False

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        transport = writer.transport
        self.begun = transport is not None and not transport.is_closing()
        await super().write_with_length(writer, content_length)


def payload(body: bytes | AsyncIterator[bytes]) -> WatchedBody | AsyncIterator[bytes] | None:
    if not isinstance(body, bytes):
        return body
    if not body:
        return None
    return WatchedBody(body) if len(body) <= _WARNED else _pieces(body)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]
