"""Many streams at once, long ones, and bodies far larger than memory should hold."""

import asyncio
import os
import socket
import time

import psutil
import pytest

from shadowbert.domain.exchange import Outcome
from shadowbert.domain.route import Reason
from shadowbert.flow.policy import AnswerPolicy
from shadowbert.testing.house import House
from shadowbert.testing.raw import serving_raw
from shadowbert.testing.serving import serving_upstream
from shadowbert.testing.simulated import SimulatedUpstream
from shadowbert.upstream.relay import Timeouts
from tests.web.raw_client import connect, parse, read_all, until

EVENT = b"data: {}\n\n"


async def slow_stream(port: int, body: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: us\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
        + body
    )
    try:
        return await reader.read(-1)
    finally:
        writer.close()


class SlowStream(asyncio.Protocol):
    """Answers each request with events that come one by one."""

    events, seconds = 5, 0.1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if b"\r\n\r\n" in data:
            head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            self.transport.write(head)
            self.task = asyncio.get_running_loop().create_task(self.run())

    async def run(self) -> None:
        for _ in range(self.events):
            await asyncio.sleep(self.seconds)
            self.transport.write(b"%x\r\n%b\r\n" % (len(EVENT), EVENT))
        self.transport.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")


async def through_house(count: int, *, timeouts: Timeouts, protocol: type[SlowStream]) -> tuple[House, list[bytes]]:
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, backlog=2048)
    house = House(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", timeouts=timeouts)
    opened = house.open()
    await asyncio.to_thread(opened.__enter__)
    try:
        port = int(house.url.rpartition(":")[2])
        replies = await asyncio.gather(*(slow_stream(port, b'{"n":%d}' % i) for i in range(count)))
    finally:
        await asyncio.to_thread(opened.__exit__, None, None, None)
        server.close()
    return house, replies


async def test_a_thousand_slow_streams_at_once() -> None:
    house, replies = await through_house(1000, timeouts=Timeouts(), protocol=SlowStream)
    assert all(reply.count(EVENT) == 5 and b"[DONE]" in reply for reply in replies)
    assert len(house.journal.rows) == 1000
    assert len({row.request_body for row in house.journal.rows}) == 1000
    assert {row.outcome for row in house.journal.rows} == {Outcome.COMPLETE}


async def test_a_stream_may_last_many_times_longer_than_any_time_out() -> None:
    class Long(SlowStream):
        events, seconds = 60, 0.02

    house, replies = await through_house(1, timeouts=Timeouts(connect=0.5, read=0.4), protocol=Long)
    assert replies[0].count(EVENT) == 60
    assert house.journal.rows[0].total_ms > 2.5 * 400


def test_a_hundred_megabytes_pass_in_little_memory(house: House) -> None:
    size, piece = 100 * 1024 * 1024, b"x" * (1024 * 1024)
    before = psutil.Process(os.getpid()).memory_info().rss
    peak = 0
    with connect(house.url) as client:
        head = b"POST /v1/files HTTP/1.1\r\nhost: us\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        client.sendall(head % size)
        for _ in range(100):
            client.sendall(piece)
            peak = max(peak, psutil.Process(os.getpid()).memory_info().rss)
        status, _, body = parse(read_all(client))
    assert status == 200
    assert b'"length":%d' % size in body
    assert peak - before < 40 * 1024 * 1024, f"{(peak - before) >> 20} MiB"
    (row,) = house.journal.rows
    assert (row.request_body, row.request_bytes) == (None, size)


@pytest.mark.parametrize("path", [b"/v1/files/f/content", b"/v1/chat/completions"])
def test_a_reply_of_a_hundred_megabytes_passes_in_little_memory(path: bytes) -> None:
    """Also where the client reads more slowly than upstream sends, and where a copy is kept up to the limit."""
    size, piece = 100 * 1024 * 1024, b"x" * (1024 * 1024)

    def script(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        for _ in range(100):
            connection.sendall(piece)

    with serving_raw(script) as (_, url), House(url).open() as house, connect(house.url) as client:
        before = peak = psutil.Process(os.getpid()).memory_info().rss
        client.sendall(b"POST " + path + b" HTTP/1.1\r\nhost: us\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}")
        time.sleep(0.2)
        got = 0
        while data := client.recv(1024 * 1024):
            got += len(data)
            peak = max(peak, psutil.Process(os.getpid()).memory_info().rss)
        until(lambda: house.journal.rows)
    assert got > size
    assert peak - before < 40 * 1024 * 1024, f"{(peak - before) >> 20} MiB"
    assert (house.journal.rows[0].response_bytes, house.journal.rows[0].response_body) == (size, None)


@pytest.mark.parametrize("over", [False, True])
def test_a_body_over_the_limit_is_relayed_with_metadata_only(upstream: SimulatedUpstream, over: bool) -> None:
    filler = b" " * (200_000 if over else 50_000)
    body = b'{"model":"m","messages":[{"role":"user","content":"x"}]' + filler + b"}"
    with (
        serving_upstream(upstream.app()) as url,
        House(f"{url}/v1", policy=AnswerPolicy(body_limit=100_000)).open() as house,
        connect(house.url) as client,
    ):
        client.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: us\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
            % len(body)
            + body
        )
        status, _, _ = parse(read_all(client))
        (row,) = house.journal.rows
    assert status == 200
    assert upstream.seen.calls == 1
    assert row.request_bytes == len(body)
    assert row.request_body == (None if over else body)
    assert row.route.reason is (Reason.TOO_LARGE if over else Reason.NOT_CLASSIFICATION)
