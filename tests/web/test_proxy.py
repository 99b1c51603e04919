"""Bytes in are bytes out: the proxy between two raw sockets."""

import gzip
import socket
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shadowbert.domain.exchange import Outcome
from shadowbert.domain.route import Reason
from shadowbert.flow.policy import AnswerPolicy
from shadowbert.testing.house import House
from shadowbert.testing.raw import RawUpstream, replying, serving_raw
from shadowbert.upstream.relay import Timeouts
from tests.traces import traces
from tests.web.raw_client import connect, exchange, parse, unchunk, until

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CLOSE = b"connection: close\r\n"


def ask(method: bytes, target: bytes, headers: bytes = b"", body: bytes = b"") -> bytes:
    length = b"content-length: %d\r\n" % len(body) if body else b""
    return method + b" " + target + b" HTTP/1.1\r\nhost: us\r\n" + CLOSE + length + headers + b"\r\n" + body


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[RawUpstream, House]]:
    """One house in front of one raw upstream whose script a test may change."""
    with serving_raw(replying(OK)) as (upstream, url), House(f"{url}/v1").open() as house:
        yield upstream, house


@pytest.fixture
def raw(pair: tuple[RawUpstream, House]) -> RawUpstream:
    upstream, house = pair
    upstream.script = replying(OK)
    upstream.requests.clear()
    house.journal.rows.clear()
    return upstream


@pytest.fixture
def house(pair: tuple[RawUpstream, House]) -> House:
    return pair[1]


@pytest.mark.parametrize("method", [b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"])
@pytest.mark.parametrize("target", [b"/v1/files/a%2Fb?x=%20&y=a+b", b"/v1/unknown/", b"/v1/chat/completions"])
def test_methods_paths_and_queries_pass(raw: RawUpstream, house: House, method: bytes, target: bytes) -> None:
    status, headers, body = parse(exchange(house.url, ask(method, target)))
    assert (status, body) == (200, b"ok")
    assert raw.requests[0].startswith(method + b" " + target + b" HTTP/1.1\r\n")
    assert len(house.journal.rows) == 1
    assert house.journal.rows[0].path == target.split(b"?")[0].decode().replace("%2F", "/")
    assert (b"x-shadowbert-exchange", house.journal.rows[0].id.encode()) in headers


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=3000),
    values=st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20), max_size=4),
    cut=st.integers(0, 3000),
)
def test_bodies_and_headers_pass_both_ways(
    raw: RawUpstream, house: House, body: bytes, values: list[str], cut: int
) -> None:
    raw.requests.clear()
    extra = b"".join(b"x-h%d: %b\r\n" % (i, value.encode()) for i, value in enumerate(values))
    head = b"HTTP/1.1 201 Created\r\n" + extra + b"content-length: %d\r\n\r\n" % len(body)
    raw.script = replying(head + body[:cut], body[cut:])
    status, headers, got = parse(exchange(house.url, ask(b"POST", b"/v1/chat/completions", extra, body)))
    assert (status, got) == (201, body)
    assert raw.requests[0].partition(b"\r\n\r\n")[2] == body
    sent = dict(parse(b"X 1 \r\n" + raw.requests[0].partition(b"\r\n")[2])[1])
    for i, value in enumerate(values):
        assert sent[b"x-h%d" % i] == value.encode()
        assert (b"x-h%d" % i, value.encode()) in headers
    row = house.journal.rows[-1]
    assert (row.request_body, row.response_body, row.status) == (body, body, 201)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 529])
def test_statuses_and_their_bodies_pass(raw: RawUpstream, house: House, status: int) -> None:
    raw.script = replying(
        b"HTTP/1.1 %d Odd\r\nretry-after: 7\r\nx-ratelimit-remaining-tokens: 1\r\ncontent-length: 3\r\n\r\n{x}" % status
    )
    got, headers, body = parse(exchange(house.url, ask(b"POST", b"/v1/chat/completions", body=b"{}")))
    assert (got, body) == (status, b"{x}")
    assert {(b"retry-after", b"7"), (b"x-ratelimit-remaining-tokens", b"1")} <= set(headers)
    expected = Outcome.COMPLETE if status < 400 else Outcome.UPSTREAM_ERROR
    assert [(row.status, row.outcome) for row in house.journal.rows] == [(status, expected)]


@pytest.mark.parametrize(
    ("body", "target"),
    [
        (b'{"model": ', b"/v1/chat/completions"),
        (b"\xff\xfe\x00", b"/v1/chat/completions"),
        (b"[]", b"/v1/what/is/this"),
    ],
)
def test_nonsense_is_relayed_as_it_is_and_journalled(
    raw: RawUpstream, house: House, body: bytes, target: bytes
) -> None:
    exchange(house.url, ask(b"POST", target, body=body))
    assert raw.requests[0].endswith(b"\r\n\r\n" + body)
    observed = target.endswith(b"completions")
    (row,) = house.journal.rows
    assert row.request_body == (body if observed else None)
    assert row.route.reason is (Reason.UNREADABLE if observed else Reason.NOT_OBSERVED)


def test_a_compressed_reply_passes_as_it_is_and_is_kept_so(raw: RawUpstream, house: House) -> None:
    packed = gzip.compress(b'{"a": 1}')
    raw.script = replying(
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed) + packed
    )
    request = ask(b"POST", b"/v1/chat/completions", b"accept-encoding: gzip, br\r\n", b"{}")
    _, headers, body = parse(exchange(house.url, request))
    assert body == packed
    assert (b"content-encoding", b"gzip") in headers
    assert (house.journal.rows[0].response_body, house.journal.rows[0].response_encoding) == (packed, "gzip")
    assert b"accept-encoding: gzip\r\n" in raw.requests[0].lower()


def test_a_chunked_reply_stays_in_order(raw: RawUpstream, house: House) -> None:
    raw.script = replying(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"3\r\nabc\r\n", b"2\r\nde\r\n0\r\n\r\n"
    )
    _, headers, body = parse(exchange(house.url, ask(b"GET", b"/v1/x")))
    assert (b"transfer-encoding", b"chunked") in headers
    assert unchunk(body) == b"abcde"


@pytest.mark.parametrize(
    ("method", "reply"),
    [
        (b"HEAD", b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\netag: e\r\n\r\n"),
        (b"GET", b"HTTP/1.1 204 No Content\r\netag: e\r\n\r\n"),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\netag: e\r\ncontent-length: 12\r\n\r\n"),
    ],
)
def test_replies_without_a_body(raw: RawUpstream, house: House, method: bytes, reply: bytes) -> None:
    raw.script = replying(reply)
    status, headers, body = parse(exchange(house.url, ask(method, b"/v1/x")))
    assert (status, body) == (int(reply.split()[1]), b"")
    assert (b"etag", b"e") in headers
    assert [row.outcome for row in house.journal.rows] == [Outcome.COMPLETE]


def test_a_cookie_set_twice_arrives_twice_and_never_at_another_client(raw: RawUpstream, house: House) -> None:
    raw.script = replying(b"HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 0\r\n\r\n")
    _, headers, _ = parse(exchange(house.url, ask(b"GET", b"/v1/x")))
    exchange(house.url, ask(b"GET", b"/v1/x"))
    assert [value for name, value in headers if name == b"set-cookie"] == [b"a=1", b"b=2"]
    assert b"cookie" not in raw.requests[1].lower()


def test_upstreams_own_server_and_date_are_what_a_client_sees(raw: RawUpstream, house: House) -> None:
    raw.script = replying(b"HTTP/1.1 200 OK\r\nserver: cloudy\r\ndate: then\r\ncontent-length: 0\r\n\r\n")
    _, headers, _ = parse(exchange(house.url, ask(b"GET", b"/v1/x")))
    assert [value for name, value in headers if name in (b"server", b"date")] == [b"cloudy", b"then"]


def test_our_own_headers_never_reach_upstream(raw: RawUpstream, house: House) -> None:
    exchange(
        house.url, ask(b"POST", b"/v1/chat/completions", b"X-Shadowbert-Task: t\r\nX-Shadowbert-Mode: llm\r\n", b"{}")
    )
    assert b"shadowbert" not in raw.requests[0].lower()
    assert house.journal.rows[0].explicit_task == "t"


def test_no_log_keeps_the_row_and_drops_the_bodies(raw: RawUpstream, house: House) -> None:
    exchange(house.url, ask(b"POST", b"/v1/chat/completions", b"X-Shadowbert-No-Log: 1\r\n", b"{}"))
    (row,) = house.journal.rows
    assert (row.request_body, row.response_body, row.request_bytes, row.response_bytes) == (None, None, 2, 2)


def test_no_credential_is_kept_in_a_row(raw: RawUpstream, house: House) -> None:
    headers = b"authorization: Bearer sk-secret\r\napi-key: sk-secret\r\n"
    exchange(house.url, ask(b"POST", b"/v1/chat/completions?key=sk-secret", headers, b"{}"))
    assert b"sk-secret" in raw.requests[0]
    assert traces("sk-secret", repr(house.journal.rows).encode()) == []


def test_an_expectation_is_answered_here_and_not_passed_on(raw: RawUpstream, house: House) -> None:
    request = ask(b"POST", b"/v1/files", b"expect: 100-continue\r\n", b"abc")
    assert exchange(house.url, request).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")
    assert b"expect" not in raw.requests[0].lower()


def test_a_web_socket_is_refused_in_openais_shape(raw: RawUpstream, house: House) -> None:
    headers = b"upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: eA==\r\n"
    request = b"GET /v1/realtime HTTP/1.1\r\nhost: us\r\nconnection: Upgrade\r\n" + headers + b"\r\n"
    with connect(house.url) as connection:
        connection.sendall(request)
        status, _, body = parse(connection.recv(65536))
    assert status == 501
    assert b'"code":"shadowbert_websocket_unsupported"' in body
    assert not raw.requests


def test_nobody_behind_us_is_a_502() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with House(f"http://127.0.0.1:{port}/v1").open() as house:
        status, headers, body = parse(exchange(house.url, ask(b"POST", b"/v1/chat/completions", body=b"{}")))
    assert status == 502
    assert b'"code":"shadowbert_upstream_unreachable"' in body
    assert b'"param":null' in body
    assert {b"x-request-id", b"x-shadowbert-exchange", b"x-shadowbert-source"} <= {name for name, _ in headers}
    assert [(row.status, row.outcome) for row in house.journal.rows] == [(502, Outcome.UPSTREAM_ERROR)]


def test_silence_behind_us_is_a_504() -> None:
    with (
        serving_raw(replying()) as (_, url),
        House(url, timeouts=Timeouts(read=0.05)).open() as house,
    ):
        status, _, body = parse(exchange(house.url, ask(b"POST", b"/v1/chat/completions", body=b"{}")))
    assert status == 504
    assert b'"code":"shadowbert_upstream_timeout"' in body
    assert [(row.status, row.outcome) for row in house.journal.rows] == [(504, Outcome.UPSTREAM_ERROR)]


@pytest.mark.parametrize(
    "framing", [b"content-length: 9\r\n\r\nhalf", b"transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n"]
)
def test_a_reply_that_breaks_off_breaks_off_for_the_client_too(raw: RawUpstream, house: House, framing: bytes) -> None:
    def script(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + framing)
        connection.shutdown(socket.SHUT_RDWR)

    raw.script = script
    reply = exchange(house.url, ask(b"POST", b"/v1/chat/completions", body=b"{}"))
    assert b"half" in reply
    assert not reply.endswith(b"0\r\n\r\n")
    until(lambda: house.journal.rows)
    assert [(row.status, row.outcome, row.response_body) for row in house.journal.rows] == [
        (200, Outcome.TRUNCATED, b"half")
    ]


def test_marks_can_be_switched_off(raw: RawUpstream) -> None:
    with serving_raw(replying(OK)) as (_, url), House(url, policy=AnswerPolicy(headers=False)).open() as plain:
        reply = exchange(plain.url, ask(b"GET", b"/v1/x"))
    assert b"shadowbert" not in reply


def test_a_reply_that_comes_before_the_body_is_through_reaches_the_client() -> None:
    """An upstream may refuse a large upload at its first byte and stop reading."""
    refusal = b"HTTP/1.1 413 Too Large\r\ncontent-length: 5\r\nconnection: close\r\n\r\nlarge"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with House(url).open() as house, connect(house.url) as client:
            client.sendall(b"POST /v1/files HTTP/1.1\r\nhost: us\r\ncontent-length: 9999999\r\n\r\n" + b"x" * 100_000)
            upstream, _ = listener.accept()
            with upstream:
                upstream.recv(100)
                upstream.sendall(refusal)
                status, _, body = parse(client.recv(65536))
            assert (status, body) == (413, b"large")
    assert [row.status for row in house.journal.rows] == [413]
