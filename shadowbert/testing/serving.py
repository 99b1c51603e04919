"""Runs an application on a loopback port in a thread with its own event loop, for tests and benches."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
import uvloop
from aiohttp import web

from shadowbert.web.client import App
from shadowbert.web.server import server_for

_PATIENCE = 10.0


@contextmanager
def serving(app: App) -> Iterator[str]:
    """The server's root URL; the server stops when the context is left."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    server = server_for(app)
    thread = threading.Thread(target=_run, args=(server, listener), name="serving", daemon=True)
    thread.start()
    try:
        _wait(server, thread)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_PATIENCE)
        listener.close()


@contextmanager
def serving_upstream(app: web.Application) -> Iterator[str]:
    """The same for a simulated upstream."""
    loop, listener = uvloop.new_event_loop(), socket.create_server(("127.0.0.1", 0), backlog=2048)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    thread = threading.Thread(target=loop.run_forever, name="upstream", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(_open(runner, listener), loop).result(_PATIENCE)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(_PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_PATIENCE)
        loop.close()
        listener.close()


async def _open(runner: web.AppRunner, listener: socket.socket) -> None:
    await runner.setup()
    await web.SockSite(runner, listener).start()


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.serve(sockets=[listener]))


def _wait(server: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + _PATIENCE
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("the server did not start")
        time.sleep(0.005)
