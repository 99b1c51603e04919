import asyncio
import socket

import pytest

from shadowbert.web.app import create_app
from shadowbert.web.server import KEEP_ALIVE_S, server_for
from tests.web.surface import Door
from tests.web.test_metrics import nothing

REQUEST = b"GET /v1/models HTTP/1.1\r\nhost: here\r\n\r\n"


@pytest.mark.parametrize(("asked", "seconds"), [(1.0, 1), (0.2, 1), (KEEP_ALIVE_S, 75)])
def test_an_idle_connection_is_kept_in_whole_seconds(asked: float, seconds: int) -> None:
    server = server_for(create_app(Door(), checks=dict, lifespan=nothing), keep_alive_s=asked)
    assert server.config.timeout_keep_alive == seconds


async def test_an_idle_connection_is_closed_when_its_time_is_over() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    server = server_for(create_app(Door(), checks=dict, lifespan=nothing), keep_alive_s=0.1)
    running = asyncio.create_task(server._serve([listener]))
    reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
    writer.write(REQUEST)
    reply = await asyncio.wait_for(reader.read(), 30)  # to the end of the stream: the server is the one who closes
    assert reply.startswith(b"HTTP/1.1 200")
    assert server.should_exit is False
    writer.close()
    server.should_exit = True
    await running
