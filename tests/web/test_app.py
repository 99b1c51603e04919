"""The dispatcher, the health of the house and the server in front of it."""

import asyncio
import json
import socket
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import APIRouter

from shadowbert.flow.incoming import Client, Incoming
from shadowbert.testing.serving import serving
from shadowbert.web.app import create_app
from shadowbert.web.proxy import Proxy
from shadowbert.web.server import server_for


class Echo:
    """A station that tells which path reached it."""

    body_limit = 100

    async def answer(self, incoming: Incoming, client: Client) -> None:
        await client.start(200, [(b"content-type", b"text/plain")])
        await client.send(incoming.target, more=False)


@asynccontextmanager
async def nothing() -> AsyncIterator[None]:
    yield


def fetch(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_ours_and_everything_else() -> None:
    router = APIRouter(prefix="/shadowbert")
    router.add_api_route("/ping", lambda: "pong")
    with serving(create_app(Echo(), checks=dict, lifespan=nothing, routers=[router])) as url:
        assert fetch(f"{url}/shadowbert/ping") == (200, b'"pong"')
        assert fetch(f"{url}/shadowbert/none")[0] == 404
        assert fetch(f"{url}/shadowbert/ping/")[0] == 404, "no redirects"
        for path in ("/v1/models?x=%2F", "/shadowbertish", "/healthzz", "/docs", "/openapi.json", "/"):
            assert fetch(url + path) == (200, path.encode())


def test_health_and_readiness() -> None:
    parts: dict[str, str | None] = {"journal": None, "student": None}
    with serving(create_app(Echo(), checks=lambda: parts, lifespan=nothing)) as url:
        assert fetch(f"{url}/healthz") == (200, b'{"status":"ok"}')
        assert json.loads(fetch(f"{url}/readyz")[1])["status"] == "ready"
        parts["journal"] = "the disk is full"
        status, body = fetch(f"{url}/readyz")
    assert status == 200, "calls are relayed all the same"
    assert json.loads(body) == {"status": "degraded", "journal": "the disk is full", "student": "ok"}


def test_machines_open_before_the_first_call_and_close_after_the_last() -> None:
    events: list[str] = []

    @asynccontextmanager
    async def machines() -> AsyncIterator[None]:
        events.append("open")
        yield
        events.append("closed")

    with serving(create_app(Echo(), checks=dict, lifespan=machines)) as url:
        events.append(str(fetch(f"{url}/v1")[0]))
    assert events == ["open", "200", "closed"]


async def test_a_server_takes_a_socket_that_a_supervisor_passes_on() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1/x"
    server = server_for(create_app(Echo(), checks=dict, lifespan=nothing), fd=listener.fileno())
    assert server.config.fd == listener.fileno()
    serving = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110 - the server offers no event
        await asyncio.sleep(0.005)
    assert await asyncio.to_thread(fetch, url) == (200, b"/v1/x")
    server.should_exit = True
    await serving
    listener.close()


@pytest.mark.parametrize("extension", [True, False])
async def test_a_web_socket_scope_is_refused_in_the_best_way_the_server_offers(extension: bool) -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    extensions = {"websocket.http.response": {}} if extension else {}
    await Proxy(Echo())({"type": "websocket", "extensions": extensions}, receive, send)
    if extension:
        assert (sent[0]["status"], json.loads(sent[1]["body"])["error"]["param"]) == (501, None)
    else:
        assert [message["type"] for message in sent] == ["websocket.close"]


async def test_a_server_that_sends_no_raw_path_is_served_too() -> None:
    sent: list[Any] = []
    stay = asyncio.Event()
    messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        message = next(messages, None)
        if message is None:
            await stay.wait()
        return message or {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/v1/é", "query_string": b"a=1", "headers": []}
    await Proxy(Echo())(scope, receive, send)
    assert sent[1]["body"] == b"/v1/%C3%A9?a=1"


async def test_a_client_that_leaves_before_its_request_is_whole_is_let_go() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pytest.fail("nobody is there")

    scope = {"type": "http", "method": "GET", "path": "/v1", "query_string": b"", "headers": []}
    await Proxy(Echo())(scope, receive, send)
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_the_servers_own_cancellation_is_not_taken_for_a_leaving_client() -> None:
    class Stuck(Echo):
        async def answer(self, incoming: Incoming, client: Client) -> None:  # noqa: ARG002 - the port's
            await asyncio.Event().wait()

    messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(messages, None) or await asyncio.Event().wait()  # type: ignore[return-value]

    async def send(message: Any) -> None:
        pytest.fail("nothing is sent")

    scope = {"type": "http", "method": "GET", "path": "/v1", "query_string": b"", "headers": []}
    task = asyncio.create_task(Proxy(Stuck())(scope, receive, send))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
