"""A flood of headers is refused on a raw socket before it fills our memory; what clients really send passes."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from shadowbert.testing.serving import serving
from shadowbert.web.app import create_app
from shadowbert.web.limits import MAX_HEAD
from tests.web.raw_client import connect, exchange, parse, read_all
from tests.web.surface import Door
from tests.web.test_metrics import nothing

KIB = 1024
MIB = 1024 * KIB
START = b"GET /v1/models HTTP/1.1\r\nhost: here\r\nconnection: close\r\n"
CHAT = b"POST /v1/chat/completions HTTP/1.1\r\nhost: here\r\nconnection: close\r\n"
CHUNKED = CHAT + b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n"


@contextmanager
def opened() -> Iterator[tuple[str, Door]]:
    door = Door(body_limit=2 * MIB)
    with serving(create_app(door, checks=dict, lifespan=nothing)) as url:
        yield url, door


def many(size: int) -> bytes:
    """Headers of a hundred bytes each."""
    return b"".join(b"x-%05d: %s\r\n" % (i, b"v" * 89) for i in range(size // 100))


def poured(connection: socket.socket, data: bytes) -> bytes:
    """What comes back while data goes out in pieces; empty where the server just closed."""
    try:
        for start in range(0, len(data), 16 * KIB):
            connection.sendall(data[start : start + 16 * KIB])
        return read_all(connection)
    except ConnectionError:
        return b""


@pytest.mark.parametrize(
    "head",
    [many(32 * KIB), b"x-one: " + b"v" * 32 * KIB + b"\r\n", b"x-one: " + b"v" * 60 * KIB + b"\r\n"],
    ids=["many", "one", "nearly too much"],
)
def test_large_headers_pass(head: bytes) -> None:
    with opened() as (url, door):
        assert parse(exchange(url, START + head + b"\r\n"))[0] == 200
    assert door.seen == ["GET /v1/models"]


@pytest.mark.parametrize("head", [many(MAX_HEAD + 8 * KIB), b"x-one: " + b"v" * (MAX_HEAD + KIB) + b"\r\n"])
def test_headers_over_the_limit_are_refused_in_openais_shape(head: bytes) -> None:
    with opened() as (url, door):
        status, headers, body = parse(exchange(url, START + head + b"\r\n"))
    assert (status, dict(headers)[b"connection"]) == (431, b"close")
    error = json.loads(body)["error"]
    assert (error["type"], error["code"], error["param"]) == (
        "invalid_request_error",
        "shadowbert_headers_too_large",
        None,
    )
    assert door.seen == []


@pytest.mark.parametrize(
    "flood",
    [START + many(MIB), START + b"x-one: " + b"v" * MIB, START + b"n" * MIB, b"GET /" + b"p" * MIB, b"\r\n" * MIB],
    ids=["many", "value", "name", "target", "blank lines"],
)
def test_a_head_that_never_ends_is_cut_off(flood: bytes) -> None:
    with opened() as (url, door), connect(url) as connection:
        assert poured(connection, flood).partition(b"\r\n")[0] in (b"", b"HTTP/1.1 431 Request Header Fields Too Large")
        # The server has closed: without the limit it would wait for more.
        assert door.seen == []


@pytest.mark.parametrize("trailers", [many(MIB), b"x-one: " + b"v" * MIB], ids=["many", "one"])
def test_trailers_are_counted_too(trailers: bytes) -> None:
    with opened() as (url, door), connect(url) as connection:
        assert poured(connection, CHUNKED + b"0\r\n" + trailers) == b""
        assert door.seen == [], "the request was never whole"


def test_a_body_is_no_head() -> None:
    request = CHAT + b"content-length: %d\r\n\r\n" % MIB
    with opened() as (url, door):
        assert parse(exchange(url, request + b"b" * MIB))[0] == 200
    assert door.seen == ["POST /v1/chat/completions"]


def test_each_request_of_a_connection_is_counted_for_itself() -> None:
    request = b"GET /v1/models HTTP/1.1\r\nhost: here\r\n" + many(30 * KIB)
    last = START + many(30 * KIB)
    with opened() as (url, door):
        assert exchange(url, (request + b"\r\n") * 4 + last + b"\r\n").count(b"HTTP/1.1 200") == 5
    assert len(door.seen) == 5


def test_a_broken_request_is_still_a_bad_one() -> None:
    with opened() as (url, _):
        assert parse(exchange(url, b"nonsense\r\n\r\n"))[0] == 400
