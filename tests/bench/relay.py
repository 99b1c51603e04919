"""What the proxy adds to a call: latency on one connection, calls a second on sixteen. Each part in its own process."""

import asyncio
import multiprocessing
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import cast

import orjson
import psutil
import uvloop

from shadowbert.flow.answer import AnswerStation
from shadowbert.flow.journal import SegmentJournal
from shadowbert.flow.policy import AnswerPolicy
from shadowbert.routing.coins import Coins
from shadowbert.testing.completions import Completion, whole
from shadowbert.testing.factories import LABELS, sure
from shadowbert.testing.fakes import FixedStages, ScriptedPredictor
from shadowbert.upstream.relay import Relay
from shadowbert.web.app import create_app
from shadowbert.web.server import server_for
from tests.bench.load import Load, drive, post
from tests.bench.table import Row

SCHEMA = {
    "type": "object",
    "properties": {"label": {"type": "string", "enum": list(LABELS)}},
    "required": ["label"],
    "additionalProperties": False,
}
BODY = orjson.dumps(
    {
        "model": "gpt-4o-2024-08-06",
        "messages": [
            {"role": "system", "content": "Classify the message of a bank's customer. " * 8},
            {"role": "user", "content": "My card has not arrived yet and I have waited for two weeks now."},
        ],
        "response_format": {"type": "json_schema", "json_schema": {"name": "c", "strict": True, "schema": SCHEMA}},
    }
)
REPLY = whole(Completion('{"label":"card"}', number=1, prompt_tokens=120))


class _Stub(asyncio.Protocol):
    """Answers every request at once with the same bytes; reads only as much as it must."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._left = cast("asyncio.Transport", transport), b""

    def data_received(self, data: bytes) -> None:
        self._left += data
        head, found, body = self._left.partition(b"\r\n\r\n")
        if found and len(body) >= int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]):
            self._left = b""
            self._transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nserver: stub\r\nx-request-id: req_1\r\n"
                b"openai-processing-ms: 1\r\ncontent-length: %d\r\n\r\n%b" % (len(REPLY), REPLY)
            )


async def _serve_stub(listener: socket.socket) -> None:
    server = await asyncio.get_running_loop().create_server(_Stub, sock=listener)
    await server.serve_forever()


def _stub(listener: socket.socket) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve_stub(listener))


def _proxy(listener: socket.socket, upstream: str, directory: str) -> None:
    relay, journal = Relay(f"{upstream}/v1"), SegmentJournal(Path(directory))
    station = AnswerStation(
        upstream=relay,
        journal=journal,
        stages=FixedStages(),
        predictor=ScriptedPredictor(sure),
        coins=Coins(b"bench"),
        policy=AnswerPolicy(),
    )
    app = create_app(station, checks=dict, lifespan=lambda: relay)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server_for(app).serve(sockets=[listener]))


@contextmanager
def _process(target: Callable[..., None], *arguments: object) -> Iterator[tuple[int, psutil.Process]]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    process = multiprocessing.get_context("fork").Process(target=target, args=(listener, *arguments), daemon=True)
    process.start()
    try:
        yield listener.getsockname()[1], psutil.Process(process.pid)
    finally:
        process.terminate()
        process.join()
        listener.close()


def _measure(port: int, connections: int, calls: int) -> Load:
    drive(port, post("/v1/chat/completions", BODY), calls=max(200, calls // 10), connections=connections)
    load = drive(port, post("/v1/chat/completions", BODY), calls=calls, connections=connections)
    assert not load.failures, f"{load.failures} calls failed"
    return load


def bench() -> Iterator[Row]:
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        stub, _ = stack.enter_context(_process(_stub))
        proxy, process = stack.enter_context(_process(_proxy, f"http://127.0.0.1:{stub}", directory))
        time.sleep(0.5)
        direct, through = _measure(stub, 1, 2000), _measure(proxy, 1, 2000)
        yield Row("relay: direct p50, 1 connection", direct.p(0.5), "ms")
        yield Row("relay: added p50, 1 connection", through.p(0.5) - direct.p(0.5), "ms", at_most=0.6)
        yield Row("relay: added p99, 1 connection", through.p(0.99) - direct.p(0.99), "ms")
        yield Row("relay: stub alone, 16 connections", _measure(stub, 16, 10_000).per_second, "calls/s")
        before = sum(process.cpu_times()[:2])
        loaded = _measure(proxy, 16, 8000)
        spent = sum(process.cpu_times()[:2]) - before
        yield Row("relay: processor time a call, 16 connections", spent / 8800 * 1000, "ms", at_most=0.4)
        yield Row("relay: one process, 16 connections", loaded.per_second, "calls/s", at_least=2500)
        yield Row("relay: p99 at 16 connections", loaded.p(0.99), "ms")
