"""A client that leaves takes its upstream call with it, wherever the call stands."""

import socket

import pytest

from shadowbert.domain.exchange import Outcome
from shadowbert.testing.house import House
from shadowbert.testing.raw import Script, serving_raw
from tests.web.raw_client import connect, until

BODY = b'{"model":"m","messages":[],"stream":true}'
CHAT = b"POST /v1/chat/completions HTTP/1.1\r\nhost: us\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY


def silent(_: socket.socket, __: bytes) -> None:
    return


def half(connection: socket.socket, _: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")


def streaming(connection: socket.socket, _: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    connection.sendall(b"b\r\ndata: half\n\r\n")


@pytest.mark.parametrize(
    ("script", "first", "status"), [(silent, b"", None), (half, b"half", 200), (streaming, b"data: half\n", 200)]
)
def test_upstream_is_closed_when_the_client_leaves(script: Script, first: bytes, status: int | None) -> None:
    with serving_raw(script) as (upstream, url), House(f"{url}/v1").open() as house:
        with connect(house.url) as client:
            client.sendall(CHAT)
            got = b""
            while first not in got:
                got += client.recv(4096)
            until(lambda: upstream.requests)
        assert upstream.gone.wait(1.0), "upstream's connection is still open"
        until(lambda: house.journal.rows)
        (row,) = house.journal.rows
    assert (row.outcome, row.status) == (Outcome.CLIENT_GONE, status)
    assert row.response_bytes == len(first)


def test_a_client_that_leaves_while_it_sends_takes_its_upstream_call_along() -> None:
    with serving_raw(silent) as (upstream, url), House(f"{url}/v1").open() as house:
        with connect(house.url) as client:
            client.sendall(b"POST /v1/files HTTP/1.1\r\nhost: us\r\ncontent-length: 1000000\r\n\r\n" + b"x" * 200_000)
            until(lambda: upstream.connections)
        assert upstream.gone.wait(1.0)
        until(lambda: house.journal.rows)
    assert [row.outcome for row in house.journal.rows] == [Outcome.CLIENT_GONE]


def test_a_client_that_closes_after_done_has_a_complete_row() -> None:
    def script(connection: socket.socket, request: bytes) -> None:
        streaming(connection, request)
        connection.sendall(b"f\r\n\ndata: [DONE]\n\n\r\n")  # and never the end of the chunks

    with serving_raw(script) as (upstream, url), House(f"{url}/v1").open() as house:
        with connect(house.url) as client:
            client.sendall(CHAT)
            got = b""
            while b"[DONE]" not in got:
                got += client.recv(4096)
            assert [row.outcome for row in house.journal.rows] == [Outcome.COMPLETE], "the row precedes the last byte"
        assert upstream.gone.wait(1.0)
    assert len(house.journal.rows) == 1
