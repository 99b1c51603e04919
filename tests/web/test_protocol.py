"""What the parser would lose of a request, on raw sockets: it reaches upstream as it was said."""

import json
import socket
import time
from collections.abc import Iterator

import pytest

from shadowbert.domain.route import Reason
from shadowbert.testing.house import House
from shadowbert.testing.raw import RawUpstream, replying, serving_raw
from tests.web.raw_client import connect, exchange, parse

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAA\r\n"


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[RawUpstream, House]]:
    with serving_raw(replying(OK)) as (upstream, url), House(url).open() as house:
        yield upstream, house


@pytest.fixture
def raw(pair: tuple[RawUpstream, House]) -> RawUpstream:
    pair[0].requests.clear()
    pair[1].journal.rows.clear()
    return pair[0]


@pytest.fixture
def house(pair: tuple[RawUpstream, House]) -> House:
    return pair[1]


def ask(line: bytes, headers: bytes = b"", body: bytes = b"") -> bytes:
    return line + b" HTTP/1.1\r\nhost: us\r\nconnection: close\r\n" + headers + b"\r\n" + body


@pytest.mark.parametrize("method", [b"FROB", b"x-y!z", b"PROPFIND", b"QUERY", b"TRACE", b"OPTIONS", b"PURGE", b"GETT"])
def test_any_method_passes(raw: RawUpstream, house: House, method: bytes) -> None:
    status, _, body = parse(exchange(house.url, ask(method + b" /v1/x?a=1", b"content-length: 3\r\n", b"abc")))
    assert (status, body) == (200, b"ok")
    assert raw.requests[0].startswith(method + b" /v1/x?a=1 HTTP/1.1\r\n")
    assert raw.requests[0].endswith(b"\r\n\r\nabc")
    assert [row.method for row in house.journal.rows] == [method.decode()]


def test_an_odd_method_between_others_on_one_connection(raw: RawUpstream, house: House) -> None:
    with connect(house.url) as client:
        for method in (b"GET", b"FROB", b"GET"):
            client.sendall(method + b" /v1/x HTTP/1.1\r\nhost: us\r\n\r\n")
            assert parse(client.recv(65536))[0] == 200
    assert [request.split()[0] for request in raw.requests] == [b"GET", b"FROB", b"GET"]


@pytest.mark.parametrize(
    "target", [b"/v1/x?", b"//v1//x", b"/v1/./a/../b", b"/", b"/v1/%2F%zz%c3", b"/v1/x?a=?&&b", b"*", b"/v1/\xc3\xa9"]
)
def test_any_target_passes_as_it_is(raw: RawUpstream, house: House, target: bytes) -> None:
    status, _, _ = parse(exchange(house.url, ask(b"OPTIONS " + target)))
    if target.isascii():
        assert status == 200
        assert raw.requests[0].startswith(b"OPTIONS " + target + b" HTTP/1.1\r\n")
    else:
        assert status == 400


def test_the_absolute_form_is_read_like_a_path(raw: RawUpstream, house: House) -> None:
    assert parse(exchange(house.url, ask(b"GET http://us/v1/x?a=1")))[0] == 200
    assert raw.requests[0].startswith(b"GET /v1/x?a=1 HTTP/1.1\r\n")


@pytest.mark.parametrize("value", [b"caf\xe9", b"caf\xc3\xa9", b"\xff\xfe", b"a\tb", b'"; <x>'])
@pytest.mark.parametrize("body", [b"", b"abc", b"x" * 200_000])
def test_header_values_of_any_bytes_reach_upstream(raw: RawUpstream, house: House, value: bytes, body: bytes) -> None:
    headers = b"x-a: 1\r\nx-odd: " + value + b"\r\nx-a: 2\r\nauthorization: Bearer k\r\n"
    length = b"content-length: %d\r\n" % len(body) if body else b""
    assert parse(exchange(house.url, ask(b"POST /v1/files", headers + length, body)))[0] == 200
    head, _, got = raw.requests[0].partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")[1:]
    assert [line for line in lines if line.startswith((b"x-", b"auth"))] == headers.lower().split(b"\r\n")[:-1]
    assert got == body


def test_a_body_in_chunks_arrives_whole_beside_an_odd_header(raw: RawUpstream, house: House) -> None:
    headers = b"x-odd: \xe9\r\ntransfer-encoding: chunked\r\n"
    pieces = b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in (b"a" * 70_000, b"b")) + b"0\r\n\r\n"
    assert parse(exchange(house.url, ask(b"POST /v1/files", headers, pieces)))[0] == 200
    head, _, body = raw.requests[0].partition(b"\r\n\r\n")
    assert b"x-odd: \xe9\r\n" in head
    assert body.endswith(b"0\r\n\r\n")
    assert body.count(b"a") >= 70_000


def test_trailers_do_not_become_headers(raw: RawUpstream, house: House) -> None:
    trailers = b"authorization: Bearer stolen\r\nx-shadowbert-task: t\r\n"
    request = ask(
        b"POST /v1/chat/completions", b"transfer-encoding: chunked\r\n", b"2\r\n{}\r\n0\r\n" + trailers + b"\r\n"
    )
    assert parse(exchange(house.url, request))[0] == 200
    assert b"stolen" not in raw.requests[0]
    assert raw.requests[0].endswith(b"\r\n\r\n{}")
    assert house.journal.rows[0].explicit_task is None


@pytest.mark.parametrize("apart", [False, True])
def test_an_offer_of_http2_is_declined_and_the_call_goes_on(raw: RawUpstream, house: House, apart: bool) -> None:
    """Java's client makes it on each plain connection's first call."""
    body = b'{"model":"m"}'
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: us\r\n" + H2C + b"content-length: %d\r\n\r\n" % len(body)
    with connect(house.url) as client:
        for _ in range(2):
            client.sendall(head)
            if apart:
                time.sleep(0.02)
            client.sendall(body)
            assert parse(client.recv(65536))[0] == 200
    assert [request.endswith(b"\r\n\r\n" + body) for request in raw.requests] == [True, True]
    assert not any(b"h2c" in request or b"http2" in request.lower() for request in raw.requests)
    assert [row.route.reason for row in house.journal.rows] == [Reason.UNREADABLE] * 2


@pytest.mark.parametrize("nonsense", [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
def test_what_is_no_request_is_told_so_in_openais_shape(raw: RawUpstream, house: House, nonsense: bytes) -> None:
    with connect(house.url) as client:
        client.sendall(nonsense)
        client.shutdown(socket.SHUT_WR)
        status, _, body = parse(client.recv(65536))
    assert status == 400
    assert json.loads(body)["error"]["code"] == "shadowbert_bad_request"
    assert not raw.requests
