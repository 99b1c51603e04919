"""A load client that is not the bottleneck: raw sockets, one request in flight on each connection."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import cast

import uvloop


@dataclass(slots=True)
class Load:
    """What was measured: seconds of each call in the order they ended, and of the whole."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    failures: int = 0

    def p(self, share: float) -> float:
        return sorted(self.latencies)[int(len(self.latencies) * share)] * 1000

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds


class _Caller(asyncio.Protocol):
    """Sends the same request again when its reply is whole, until the common stock of calls is used up."""

    def __init__(self, request: bytes, stock: "list[int]", load: Load, pause_s: float) -> None:
        self._request, self._stock, self._load, self._pause_s = request, stock, load, pause_s
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._think()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self._load.latencies.append(time.perf_counter() - self._sent)
        self._load.failures += not self._buffer.startswith(b"HTTP/1.1 200")
        self._buffer = b""
        self._think()

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self._load.failures += 1
            self.done.set_result(None)

    def _think(self) -> None:
        """For a time that differs from call to call, so that callers do not march in step."""
        if self._pause_s:
            asyncio.get_running_loop().call_later(random.expovariate(1 / self._pause_s), self._next)
        else:
            self._next()

    def _next(self) -> None:
        if self._stock[0] <= 0:
            self.done.set_result(None)
            self._transport.close()
            return
        self._stock[0] -= 1
        self._sent = time.perf_counter()
        self._transport.write(self._request)


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


async def _drive(port: int, request: bytes, calls: int, connections: int, pause_s: float) -> Load:
    load, stock = Load(), [calls]
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    callers = [
        (await loop.create_connection(lambda: _Caller(request, stock, load, pause_s), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(caller.done for caller in callers))
    load.seconds = time.perf_counter() - started
    return load


def drive(port: int, request: bytes, *, calls: int, connections: int, pause_s: float = 0.0) -> Load:
    """`pause_s`: how long a caller waits on average between a reply and its next call."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_drive(port, request, calls, connections, pause_s))


def post(path: str, body: bytes) -> bytes:
    return (
        b"POST %b HTTP/1.1\r\nHost: stub\r\nAuthorization: Bearer sk-bench\r\nContent-Type: application/json\r\n"
        b"Accept: application/json\r\nAccept-Encoding: gzip, deflate\r\nUser-Agent: OpenAI/Python 3.54.0\r\n"
        b"X-Stainless-Retry-Count: 0\r\nX-Stainless-Read-Timeout: 600\r\nContent-Length: %d\r\n\r\n%b"
    ) % (path.encode(), len(body), body)
