"""The client of one HTTP request as ASGI shows it: its body, the reply it gets and its leaving.

Knows the protocol between server and application (ASGI 3) and nothing of what is said over it.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from types import TracebackType
from typing import Any, Self

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


_SMALL = 64 * 1024


class ClientGone(Exception):
    """The client left before its reply was through."""


class AsgiClient:
    """Used as a context: the client's leaving cancels the task that entered it, which then sees ClientGone."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._gone = False
        self._task: asyncio.Task[Any] | None = None
        self._watch: asyncio.Task[None] | None = None

    async def body(self, limit: int) -> "bytes | BodyStream":
        """The whole body where it is not longer than `limit` or came in one small piece; else a stream of it."""
        piece, more = await self._piece()
        pieces, size = [piece], len(piece)
        while more and size <= limit:
            piece, more = await self._piece()
            pieces.append(piece)
            size += len(piece)
        if more or size > max(limit, _SMALL):
            return BodyStream(self, pieces, more=more)
        return b"".join(pieces)

    async def start(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def send(self, chunk: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": chunk, "more_body": more})

    def watch(self) -> None:
        """From here on nobody reads the client's messages, so a task of its own waits for its leaving."""
        if self._watch is None and not self._gone:
            self._watch = asyncio.create_task(self._wait_for_leaving())

    async def __aenter__(self) -> Self:
        self._task = asyncio.current_task()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        if self._gone and kind is asyncio.CancelledError and self._task is not None and not self._task.uncancel():
            raise ClientGone

    async def _wait_for_leaving(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._leave()

    async def _piece(self) -> tuple[bytes, bool]:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._leave()
            await asyncio.sleep(0)  # where the entering task reads, its cancellation lands here
            raise ClientGone
        return message.get("body", b""), message.get("more_body", False)

    def _leave(self) -> None:
        self._gone = True
        if self._task is not None:
            self._task.cancel()


class BodyStream:
    """A request body passed on while it arrives."""

    def __init__(self, client: AsgiClient, begun: list[bytes], *, more: bool) -> None:
        self._client, self._begun, self._more = client, begun, more
        self.seen = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._begun:
            piece = self._begun.pop(0)
        elif self._more:
            piece, self._more = await self._client._piece()  # noqa: SLF001 - the stream is the client's other half
        else:
            self._client.watch()
            raise StopAsyncIteration
        self.seen += len(piece)
        return piece
