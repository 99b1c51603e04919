"""The relay over real sockets, against a server that keeps every byte."""

import asyncio
import gzip
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shadowbert.errors import ConfigError, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from shadowbert.flow.ports import Headers, RelayRequest
from shadowbert.testing.raw import replying, serving_raw
from shadowbert.upstream.relay import Relay, Timeouts

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def asking(
    target: bytes = b"/v1/models",
    *,
    method: str = "GET",
    headers: Headers = (),
    body: bytes | AsyncIterator[bytes] = b"",
) -> RelayRequest:
    return RelayRequest(method, target, headers, body)


async def fetch(relay: Relay, request: RelayRequest) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    async with relay.send(request) as reply:
        return reply.status, reply.headers, b"".join([chunk async for chunk in reply.chunks()])


async def pieces(*given: bytes) -> AsyncIterator[bytes]:
    for piece in given:
        yield piece


@pytest.mark.parametrize(
    "target", [b"/v1/a%2Fb/%C3%A9?x=%20&y=a+b&&z", b"/v1//x/../y", b"/v1/x?a=1?b=2", b"/v1/%7e%41"]
)
async def test_targets_reach_upstream_byte_for_byte(target: bytes) -> None:
    with serving_raw(replying(OK)) as (upstream, url):
        async with Relay(f"{url}/v1") as relay:
            await fetch(relay, asking(target))
    assert upstream.requests[0].startswith(b"GET " + target + b" HTTP/1.1\r\n")


async def test_the_client_library_adds_nothing_but_host() -> None:
    with serving_raw(replying(OK)) as (upstream, url):
        async with Relay(f"{url}/v1") as relay:
            await fetch(relay, asking(method="POST", headers=[(b"x-a", b"1")], body=b"{}"))
    lines = upstream.requests[0].split(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    assert sorted(line.split(b":")[0].lower() for line in lines) == [b"content-length", b"host", b"x-a"]


async def test_a_compressed_reply_stays_compressed() -> None:
    packed = gzip.compress(b"hello")
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    with serving_raw(replying(head + packed)) as (_, url):
        async with Relay(url) as relay:
            _, headers, body = await fetch(relay, asking())
    assert body == packed
    assert (b"Content-Encoding", b"gzip") in headers


async def test_redirects_and_cookies_are_the_clients_business() -> None:
    moved = (
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /v1/b\r\nSet-Cookie: s=1; Path=/\r\nContent-Length: 0\r\n\r\n"
    )
    with serving_raw(replying(moved)) as (upstream, url):
        async with Relay(url) as relay:
            status, _, _ = await fetch(relay, asking())
            await fetch(relay, asking())
    assert status == 307
    assert len(upstream.requests) == 2
    assert not any(b"cookie" in request.lower() for request in upstream.requests)


async def test_connections_are_kept_and_used_again() -> None:
    with serving_raw(replying(OK)) as (upstream, url):
        async with Relay(url) as relay:
            for _ in range(5):
                await fetch(relay, asking(method="POST", body=b"{}"))
    assert len(upstream.requests) == 5
    assert upstream.connections == 1


async def test_a_streamed_body_keeps_the_length_its_sender_declared() -> None:
    with serving_raw(replying(OK)) as (upstream, url):
        async with Relay(url) as relay:
            headers = [(b"content-length", b"6")]
            await fetch(relay, asking(method="POST", headers=headers, body=pieces(b"abc", b"def")))
            await fetch(relay, asking(method="POST", body=pieces(b"abc", b"def")))
    declared, chunked = upstream.requests
    assert declared.endswith(b"\r\n\r\nabcdef")
    assert b"chunked" in chunked.lower()


async def test_a_body_of_megabytes_arrives_whole() -> None:
    body = bytes(range(256)) * 4096 * 3
    with serving_raw(replying(OK)) as (upstream, url):
        async with Relay(url) as relay:
            await fetch(relay, asking(method="POST", body=body))
    assert upstream.requests[0].endswith(b"\r\n\r\n" + body)


@pytest.mark.parametrize("status", [204, 304])
async def test_replies_without_a_body_end_at_once(status: int) -> None:
    with serving_raw(replying(b"HTTP/1.1 %d X\r\nETag: e\r\n\r\n" % status)) as (_, url):
        async with Relay(url) as relay:
            assert await fetch(relay, asking()) == (status, [(b"ETag", b"e")], b"")


async def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with Relay(f"http://127.0.0.1:{port}") as relay:
        with pytest.raises(UpstreamUnreachable):
            await fetch(relay, asking())


async def test_silence_is_a_time_out() -> None:
    with serving_raw(replying()) as (_, url):
        async with Relay(url, timeouts=Timeouts(read=0.05)) as relay:
            with pytest.raises(UpstreamTimeout):
                await fetch(relay, asking())


async def test_a_connection_that_is_never_made_is_a_time_out_after_one_attempt() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:  # accepts, and never says a word of TLS
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        async with Relay(url, timeouts=Timeouts(connect=0.05)) as relay:
            with pytest.raises(UpstreamTimeout):
                await fetch(relay, asking(method="POST", body=b"{}"))
        listener.settimeout(0.05)
        listener.accept()[0].close()
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.parametrize("begun", [False, True])
async def test_the_total_time_out_ends_even_a_reply_that_goes_on(begun: bool) -> None:
    def script(connection: socket.socket, _: bytes) -> None:
        if begun:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000 if begun else 0):
            connection.sendall(b"x")
            time.sleep(0.01)

    with serving_raw(script) as (upstream, url):
        async with Relay(url, timeouts=Timeouts(read=10, total=0.1)) as relay:
            with pytest.raises(UpstreamTimeout):
                await fetch(relay, asking())
        assert await asyncio.to_thread(upstream.gone.wait, 1.0)


async def test_silence_in_the_middle_of_a_reply_is_a_time_out() -> None:
    with serving_raw(replying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")) as (_, url):
        async with Relay(url, timeouts=Timeouts(read=0.05)) as relay:
            with pytest.raises(UpstreamTimeout):
                await fetch(relay, asking())


async def test_a_stream_longer_than_the_read_time_out_is_no_time_out() -> None:
    def script(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n")
        for _ in range(30):
            time.sleep(0.02)
            connection.sendall(b"x")

    with serving_raw(script) as (_, url):
        async with Relay(url, timeouts=Timeouts(read=0.3)) as relay:
            assert (await fetch(relay, asking()))[2] == b"x" * 30


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b"not http\r\n\r\n"])
async def test_a_reply_that_breaks_off_is_an_upstream_error(sent: bytes, method: str) -> None:
    def script(connection: socket.socket, _: bytes) -> None:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_RDWR)

    with serving_raw(script) as (upstream, url):
        async with Relay(url) as relay:
            with pytest.raises(UpstreamError):
                await fetch(relay, asking(method=method, body=b"" if method == "GET" else b"{}"))
        assert len(upstream.requests) == 1, "what upstream received is never repeated"


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: a\x01b\r\nContent-Length: 2\r\n\r\nok",
    ],
)
async def test_a_reply_that_no_server_may_send_is_an_upstream_error(reply: bytes) -> None:
    with serving_raw(replying(reply)) as (_, url):
        async with Relay(url) as relay:
            with pytest.raises(UpstreamError):
                await fetch(relay, asking())


async def test_a_hint_before_the_reply_is_skipped() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    with serving_raw(replying(hints + OK)) as (_, url):
        async with Relay(url) as relay:
            assert (await fetch(relay, asking()))[::2] == (200, b"ok")


async def test_many_headers_and_large_ones_pass() -> None:
    many = b"".join(b"x-%d: %b\r\n" % (i, b"v" * 50) for i in range(300)) + b"x-large: " + b"v" * 60_000 + b"\r\n"
    with serving_raw(replying(b"HTTP/1.1 200 OK\r\n" + many + b"Content-Length: 2\r\n\r\nok")) as (_, url):
        async with Relay(url) as relay:
            _, headers, _ = await fetch(relay, asking())
    assert len(headers) == 302


async def test_leaving_early_closes_the_connection() -> None:
    with serving_raw(replying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")) as (upstream, url):
        async with Relay(url) as relay:
            async with relay.send(asking()) as reply:
                assert await anext(reply.chunks()) == b"half"
            assert await asyncio.to_thread(upstream.gone.wait, 1.0)


@pytest.mark.parametrize("url", ["", "api.openai.com/v1", "ftp://h/v1", "http://"])
def test_a_base_url_that_cannot_work_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="base URL"):
        Relay(url)


async def test_a_relay_outside_its_context_says_so() -> None:
    with pytest.raises(RuntimeError, match="context"):
        Relay("http://h").send(asking())


async def test_a_kept_connection_that_upstream_closed_is_replaced() -> None:
    """Upstream closes after each reply without saying so; every call still gets its answer."""

    def script(connection: socket.socket, _: bytes) -> None:
        connection.sendall(OK)
        connection.shutdown(socket.SHUT_RDWR)

    with serving_raw(script) as (upstream, url):
        async with Relay(url) as relay:
            for _ in range(20):
                assert (await fetch(relay, asking(method="POST", body=b"{}")))[2] == b"ok"
                while _kept_alive(relay):  # noqa: ASYNC110 - upstream's goodbye is under way; nothing tells of it
                    await asyncio.sleep(0.001)
    assert len(upstream.requests) == 20


def _kept_alive(relay: Relay) -> bool:
    assert relay._session is not None
    connector = relay._session.connector
    assert connector is not None
    return any(kept.is_connected() for pool in connector._conns.values() for kept, _ in pool)


async def test_a_request_is_repeated_once_if_its_connection_was_dead_before_the_first_byte() -> None:
    with serving_raw(replying(OK)) as (upstream, url):
        async with Relay(url) as relay:
            await fetch(relay, asking(method="POST", body=b"{}"))
            killed = _kill_the_kept_connection(relay)
            assert (await fetch(relay, asking(method="POST", body=b"{}")))[2] == b"ok"
    assert killed
    assert (len(upstream.requests), upstream.connections) == (2, 2)


def _kill_the_kept_connection(relay: Relay) -> list[bool]:
    """Closes the idle connection's transport in the moment after the pool has handed it out."""
    assert relay._session is not None
    connector = relay._session.connector
    assert connector is not None
    connect = connector.connect
    killed: list[bool] = []

    async def connect_and_kill(*args: Any, **kwargs: Any) -> Any:
        connection = await connect(*args, **kwargs)
        if not killed:
            connection.transport.close()
            killed.append(True)
        return connection

    connector.connect = connect_and_kill  # type: ignore[method-assign]
    return killed
