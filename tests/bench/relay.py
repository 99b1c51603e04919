"""What the proxy adds to a call: latency on one connection, calls a second on sixteen. Each part in its own process."""

import asyncio
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import orjson
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
from tests.bench.stub import process, stub
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


def constant(_: bytes) -> bytes:
    return REPLY


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


def _measure(port: int, connections: int, calls: int) -> Load:
    drive(port, post("/v1/chat/completions", BODY), calls=max(200, calls // 10), connections=connections)
    load = drive(port, post("/v1/chat/completions", BODY), calls=calls, connections=connections)
    assert not load.failures, f"{load.failures} calls failed"
    return load


def bench() -> Iterator[Row]:
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        upstream, _ = stack.enter_context(process(stub, constant))
        proxy, own = stack.enter_context(process(_proxy, f"http://127.0.0.1:{upstream}", directory))
        time.sleep(0.5)
        direct, through = _measure(upstream, 1, 2000), _measure(proxy, 1, 2000)
        yield Row("relay: direct p50, 1 connection", direct.p(0.5), "ms")
        yield Row("relay: added p50, 1 connection", through.p(0.5) - direct.p(0.5), "ms", at_most=0.6)
        yield Row("relay: added p99, 1 connection", through.p(0.99) - direct.p(0.99), "ms")
        yield Row("relay: stub alone, 16 connections", _measure(upstream, 16, 10_000).per_second, "calls/s")
        before = sum(own.cpu_times()[:2])
        loaded = _measure(proxy, 16, 8000)
        spent = sum(own.cpu_times()[:2]) - before
        yield Row("relay: processor time a call, 16 connections", spent / 8800 * 1000, "ms", at_most=0.4)
        yield Row("relay: one process, 16 connections", loaded.per_second, "calls/s", at_least=2500)
        yield Row("relay: p99 at 16 connections", loaded.p(0.99), "ms")
