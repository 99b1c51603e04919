"""What every bench puts behind the proxy: an upstream that answers at once, and a way to run a part by itself."""

import asyncio
import multiprocessing
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import psutil
import uvloop

Mind = Callable[[bytes], bytes]
"""From a request's body to a reply's."""


class _Stub(asyncio.Protocol):
    """Reads of a request only as much as it must."""

    def __init__(self, mind: Mind) -> None:
        self._mind, self._left = mind, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._left += data
        head, found, body = self._left.partition(b"\r\n\r\n")
        if found and len(body) >= int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]):
            self._left = b""
            reply = self._mind(body)
            self._transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nserver: stub\r\nx-request-id: req_1\r\n"
                b"openai-processing-ms: 1\r\ncontent-length: %d\r\n\r\n%b" % (len(reply), reply)
            )


async def _serve(listener: socket.socket, mind: Mind) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Stub(mind), sock=listener)
    await server.serve_forever()


def stub(listener: socket.socket, mind: Mind) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(listener, mind))


@contextmanager
def process(target: Callable[..., None], *arguments: object) -> Iterator[tuple[int, psutil.Process]]:
    """A function that serves a socket, in a process of its own; its port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    started = multiprocessing.get_context("fork").Process(target=target, args=(listener, *arguments), daemon=True)
    started.start()
    try:
        yield listener.getsockname()[1], psutil.Process(started.pid)
    finally:
        started.terminate()
        started.join()
        listener.close()
