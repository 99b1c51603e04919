"""Thousands of clients that leave at any moment: afterwards nothing is held and the next call is answered."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import psutil
import pytest

from shadowbert.flow.answer import AnswerStation
from shadowbert.flow.incoming import Incoming
from shadowbert.flow.policy import AnswerPolicy
from shadowbert.flow.ports import Headers
from shadowbert.routing.coins import Coins
from shadowbert.testing.completions import Completion, frames, whole
from shadowbert.testing.factories import sure
from shadowbert.testing.fakes import FixedStages, MemoryJournal, ScriptedPredictor
from shadowbert.testing.house import House
from shadowbert.testing.raw import replying, serving_raw
from shadowbert.upstream.relay import Relay
from tests.web.raw_client import connect, exchange, until

ANSWER = Completion("A plain answer.", number=1, prompt_tokens=9)
JSON, EVENTS = whole(ANSWER), frames(ANSWER, usage=False)
BODY = b'{"model":"m","messages":[]}'
CALLS, BATCH, LONGEST_S = 10_000, 500, 0.03


class Slow(asyncio.Protocol):
    """Answers after a while of its own choice: whole, as a stream with pauses, or never."""

    open = 0
    draw = random.Random(11)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        type(self).open += 1

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's
        type(self).open -= 1

    def data_received(self, data: bytes) -> None:
        if not data.endswith(BODY):
            return
        loop, after = asyncio.get_running_loop(), self.draw.random() * LONGEST_S
        kind = self.draw.randrange(4) if b"/v1/fresh" not in data else 0
        if kind < 2:
            head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(JSON)
            loop.call_later(after, self.transport.write, head + JSON)
        elif kind == 2:
            head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            chunks = [b"%x\r\n%b\r\n" % (len(event), event) for event in EVENTS] + [b"0\r\n\r\n"]
            for i, chunk in enumerate([head, *chunks]):
                loop.call_later(after * i / len(chunks), self.transport.write, chunk)


class Nowhere:
    """A client that keeps how many bytes it got."""

    got = 0

    async def start(self, status: int, headers: Headers) -> None:  # noqa: ARG002 - the port's
        self.status = status

    async def send(self, chunk: bytes, *, more: bool) -> None:  # noqa: ARG002 - the port's
        self.got += len(chunk)


@asynccontextmanager
async def station() -> AsyncIterator[tuple[AnswerStation, Relay, MemoryJournal]]:
    server = await asyncio.get_running_loop().create_server(Slow, "127.0.0.1", 0, backlog=2048)
    journal = MemoryJournal()
    async with server, Relay(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1") as relay:
        yield (
            AnswerStation(
                upstream=relay,
                journal=journal,
                stages=FixedStages(),
                predictor=ScriptedPredictor(sure),
                coins=Coins(b"k"),
                policy=AnswerPolicy(),
            ),
            relay,
            journal,
        )


def incoming(path: str = "/v1/chat/completions") -> Incoming:
    return Incoming("POST", path, path.encode(), [(b"authorization", b"Bearer k")], BODY)


async def fact(holds: Callable[[], object]) -> None:
    """Waits for a fact that other tasks bring about."""
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.005)
    pytest.fail("it did not happen")


async def test_ten_thousand_cancelled_calls_leave_the_pool_whole() -> None:
    draw, loop = random.Random(7), asyncio.get_running_loop()
    fds, tasks = psutil.Process().num_fds(), len(asyncio.all_tasks())
    async with station() as (answering, relay, journal):
        for _ in range(CALLS // BATCH):
            batch = [asyncio.create_task(answering.answer(incoming(), Nowhere())) for _ in range(BATCH)]
            for task in batch:
                loop.call_later(draw.random() * LONGEST_S * 1.5, task.cancel)
            await asyncio.gather(*batch, return_exceptions=True)
        assert len(journal.rows) == CALLS, "each call has its row"
        assert relay._session is not None
        connector = relay._session.connector
        assert connector is not None
        await fact(lambda: not connector._acquired)
        await fact(lambda: Slow.open == sum(map(len, connector._conns.values())))
        await fact(lambda: len(asyncio.all_tasks()) <= tasks)
        client = Nowhere()
        await answering.answer(incoming("/v1/fresh"), client)
        assert (client.status, client.got) == (200, len(JSON))
    await fact(lambda: Slow.open == 0)
    await fact(lambda: psutil.Process().num_fds() <= fds)


def test_clients_that_leave_at_once_leave_nothing_behind() -> None:
    """Through the whole door: sockets closed before, while and after upstream answers."""
    draw = random.Random(5)
    request = b"POST /v1/chat/completions HTTP/1.1\r\nhost: us\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(JSON)
    with serving_raw(replying(head + JSON[:40])) as (upstream, url), House(f"{url}/v1").open() as house:
        idle = house.tasks
        for _ in range(300):
            with connect(house.url) as client:
                client.sendall(request[: draw.randrange(1, len(request) + 1)])
                if draw.random() < 0.3:
                    client.sendall(request)
        until(lambda: house.tasks <= idle)
        until(lambda: upstream.open == 0)
        upstream.script = replying(head + JSON)
        assert exchange(house.url, request.replace(b"host: us", b"connection: close")).endswith(JSON)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/files", "/v1/models"])
@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", b"HTTP/1.1 200 OK\r\nx: y\r\n\r\nopen"]
)
def test_a_call_is_dropped_within_a_second_of_its_clients_leaving(path: str, said: bytes) -> None:
    with serving_raw(replying(said)) as (upstream, url), House(f"{url}/v1").open() as house:
        with connect(house.url) as client:
            client.sendall(b"POST %b HTTP/1.1\r\nhost: us\r\ncontent-length: 2\r\n\r\n{}" % path.encode())
            until(lambda: upstream.requests)
            if said:
                assert client.recv(10)
        assert upstream.gone.wait(1.0)
        until(lambda: house.journal.rows)
