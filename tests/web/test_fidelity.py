"""Drawn requests and replies through the proxy on real sockets: upstream sees what was sent, the client what came back.

Excepted are the headers of one hop (RFC 9110, section 7.6.1), the framing of bodies, the Host, our own headers, and
encodings in Accept-Encoding that we could not decode.
"""

import gzip
import itertools
import socket
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shadowbert.testing.house import House
from shadowbert.testing.raw import RawUpstream, Script, serving_raw
from tests.web.raw_client import exchange, parse, unchunk

Pairs = list[tuple[bytes, bytes]]

HOP = {b"connection", b"keep-alive", b"te", b"proxy-authorization", b"upgrade", b"x-named", b"trailer"}
FRAMING = {b"content-length", b"transfer-encoding"}
BODILESS = {204, 304}

TOKEN = st.text("abcdefgABCDEFG0123456789!#$%&'*+-.^_`|~", min_size=1, max_size=12).map(lambda t: b"x-" + t.encode())
KNOWN = st.sampled_from(
    [
        b"Authorization",
        b"api-key",
        b"OpenAI-Organization",
        b"Content-Type",
        b"Cookie",
        b"User-Agent",
        b"Idempotency-Key",
    ]
)
SEEN = st.sampled_from(
    [b"Set-Cookie", b"x-request-id", b"retry-after", b"Server", b"Date", b"Content-Type", b"x-ratelimit-reset-tokens"]
)
VALUE = st.binary(max_size=30).map(lambda v: bytes(b for b in v if b == 9 or 32 <= b != 127).strip(b" \t"))
ONE_HOP = st.sampled_from(
    [
        (b"Keep-Alive", b"timeout=5"),
        (b"TE", b"trailers"),
        (b"Proxy-Authorization", b"Basic eDp5"),
        (b"X-Shadowbert-Mode", b"llm"),
        (b"Trailer", b"x-t"),
    ]
)
SEGMENT = st.text("ab%/.:@!$&'()*+,;=~-_\"<>[]{}|^`\\", max_size=12).map(lambda s: s.replace("%", "%2F"))
TARGET = st.builds(
    lambda path, query: b"/v1/" + path.encode() + query.encode(),
    SEGMENT,
    st.just("") | st.text("ab?%/&=+[]{}:@!", max_size=12).map("?".__add__),
)
METHOD = st.sampled_from([b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"HEAD", b"TRACE", b"FROB", b"m-x"])
STATUS = st.sampled_from([200, 201, 204, 206, 299, 304, 307, 400, 401, 404, 418, 429, 499, 500, 503, 520, 529, 599])
ENCODED = {b"gzip": gzip.compress, b"deflate": zlib.compress, b"br": bytes, b"zstd": bytes, b"": bytes}


@dataclass(frozen=True)
class Body:
    content: bytes
    cuts: tuple[int, ...]
    framing: str
    """length, chunked or close."""
    trailers: bool

    def headers(self) -> bytes:
        if self.framing == "length":
            return b"Content-Length: %d\r\n" % len(self.content)
        return b"Transfer-Encoding: chunked\r\n" if self.framing == "chunked" else b""

    def pieces(self) -> list[bytes]:
        edges = [0, *sorted(min(cut, len(self.content)) for cut in self.cuts), len(self.content)]
        cut = [self.content[a:b] for a, b in itertools.pairwise(edges) if a < b]
        if self.framing != "chunked":
            return cut
        end = b"0\r\nx-trailer: t\r\nauthorization: no\r\n\r\n" if self.trailers else b"0\r\n\r\n"
        return [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in cut] + [end]


def bodies(*framings: str) -> st.SearchStrategy[Body]:
    cuts = st.lists(st.integers(0, 3000), max_size=3).map(tuple)
    return st.builds(
        Body, st.binary(max_size=2000) | st.binary(min_size=1, max_size=9).map(lambda b: b * 20_000), cuts,
        st.sampled_from(framings), st.booleans(),
    )  # fmt: skip


@dataclass(frozen=True)
class Asked:
    method: bytes
    target: bytes
    headers: Pairs
    body: Body

    def wire(self) -> bytes:
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in self.headers)
        start = b"%b %b HTTP/1.1\r\nHost: us\r\nConnection: close, X-Named\r\n" % (self.method, self.target)
        return start + lines + self.body.headers() + b"\r\n" + b"".join(self.body.pieces())


@dataclass(frozen=True)
class Told:
    status: int
    headers: Pairs
    encoding: bytes
    body: Body

    def script(self, method: bytes) -> Script:
        bodiless = method == b"HEAD" or self.status in BODILESS
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in self.sent())
        framing = b"" if self.status in BODILESS else self.body.headers()
        head = b"HTTP/1.1 %d Some Reason\r\n" % self.status + lines + framing + b"\r\n"

        def script(connection: socket.socket, _: bytes) -> None:
            connection.sendall(head)
            for piece in [] if bodiless else self.body.pieces():
                connection.sendall(piece)
            if self.body.framing == "close" and not bodiless:  # a reply that needs no end leaves the connection open
                connection.shutdown(socket.SHUT_RDWR)

        return script

    def sent(self) -> Pairs:
        return [*self.headers, *([(b"Content-Encoding", self.encoding)] if self.encoding else [])]


def pairs(names: st.SearchStrategy[bytes]) -> st.SearchStrategy[Pairs]:
    return st.lists(st.tuples(names | TOKEN, VALUE) | ONE_HOP | st.tuples(st.just(b"X-Named"), VALUE), max_size=8)


def encoded(encoding: bytes, body: Body) -> Body:
    return Body(ENCODED[encoding](body.content), body.cuts, body.framing, body.trailers)


ASKED = st.builds(Asked, METHOD, TARGET, pairs(KNOWN), bodies("length", "chunked"))
TOLD = st.sampled_from(sorted(ENCODED)).flatmap(
    lambda encoding: st.builds(
        Told,
        STATUS,
        pairs(SEEN),
        st.just(encoding),
        bodies("length", "chunked", "close").map(lambda b: encoded(encoding, b)),
    )
)


def end_to_end(headers: Pairs) -> Pairs:
    lowered = [(name.lower(), value) for name, value in headers]
    gone = HOP | FRAMING | {b"host"}
    return [(n, v) for n, v in lowered if n not in gone and not n.startswith(b"x-shadowbert-")]


def whole(headers: Pairs, body: bytes) -> bytes:
    return unchunk(body) if (b"transfer-encoding", b"chunked") in headers else body


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[RawUpstream, House]]:
    with serving_raw(lambda *_: None) as (upstream, url), House(url).open() as house:
        yield upstream, house


PLAIN = Body(b"", (), "length", trailers=False)


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # a failure with a large body shows itself
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=ASKED, told=TOLD)
@example(asked=Asked(b"GET", b"/v1/x?", [], PLAIN), told=Told(204, [], b"", PLAIN))
@example(
    asked=Asked(b"POST", b"/v1/chat/completions", [(b"x-odd", b"\xe9")], PLAIN),
    told=Told(200, [(b"x", b"\xe9")], b"", PLAIN),
)
def test_what_crosses_is_what_was_sent(pair: tuple[RawUpstream, House], asked: Asked, told: Told) -> None:
    upstream, house = pair
    upstream.requests.clear()
    upstream.script = told.script(asked.method)
    reply = exchange(house.url, asked.wire())

    status, headers, body = parse(reply)
    assert status == told.status
    assert end_to_end(headers) == end_to_end(told.sent())
    bodiless = asked.method == b"HEAD" or told.status in BODILESS
    assert whole(headers, body) == (b"" if bodiless else told.body.content)

    (request,) = upstream.requests
    line = request.partition(b"\r\n")[0]
    _, seen, sent = parse(b"HTTP/1.1 000 \r\n" + request.partition(b"\r\n")[2])
    assert line == asked.method + b" " + asked.target + b" HTTP/1.1"
    assert end_to_end(seen) == end_to_end(asked.headers)
    assert not any(name in HOP or name.startswith(b"x-shadowbert-") for name, _ in seen)
    assert whole([(name, value.lower()) for name, value in seen], sent) == asked.body.content
