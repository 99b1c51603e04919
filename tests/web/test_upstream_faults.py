"""Each fault of an upstream, met by the real SDK directly and through the proxy: the same error after as many attempts.

Only where there is no reply at all does the SDK see ours (502 or 504) instead of a broken connection; both it retries.
"""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import openai
import pytest

from shadowbert.domain.exchange import Outcome
from shadowbert.testing.completions import Completion, frames, whole
from shadowbert.testing.house import House
from shadowbert.testing.raw import RawUpstream, Script, serving_raw
from shadowbert.upstream.relay import Timeouts
from tests.web.raw_client import connect, exchange, parse, until

ANSWER = Completion("A plain answer.", number=1, prompt_tokens=9)
JSON, EVENTS = whole(ANSWER), frames(ANSWER, usage=False)
ERROR = b'{"error":{"message":"no","type":"server_error","param":null,"code":"x"}}'
PATIENT_S, SHORT_S = 20.0, 0.2


def reply(body: bytes, *, status: int = 200, headers: bytes = b"", declared: int | None = None) -> bytes:
    kind = b"content-type: application/json\r\n"
    length = b"content-length: %d\r\n" % (len(body) if declared is None else declared)
    return b"HTTP/1.1 %d X\r\n" % status + kind + length + headers + b"\r\n" + body


def events(*chunks: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)


def reset(connection: socket.socket) -> None:
    time.sleep(0.02)  # what was sent is read before the reset throws it away
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def then(sent: bytes, end: Callable[[socket.socket], object]) -> Script:
    def script(connection: socket.socket, _: bytes) -> None:
        connection.sendall(sent)
        end(connection)

    return script


def leave(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def drip(body: bytes) -> Script:
    def script(connection: socket.socket, _: bytes) -> None:
        for start in range(0, len(body), 16):
            connection.sendall(body[start : start + 16])
            time.sleep(0.001)

    return script


def told(body: bytes) -> Script:
    return then(body, lambda _: None)


@dataclass(frozen=True)
class Fault:
    name: str
    script: Script
    error: str
    """The SDK's exception, empty for none."""
    attempts: int
    stream: bool = False
    ours: int | None = None
    """The status where there is no reply to pass on."""
    patience: float = PATIENT_S


FAULTS = [
    Fault("reset before the first byte", then(b"", reset), "APIConnectionError", 3, ours=502),
    Fault("closed before the first byte", then(b"", leave), "APIConnectionError", 3, ours=502),
    Fault("reset in the head", then(b"HTTP/1.1 200 OK\r\nconte", reset), "APIConnectionError", 3, ours=502),
    Fault("reset in the body", then(reply(JSON[:50], declared=500), reset), "APIConnectionError", 3),
    Fault("half a body", then(reply(JSON[:50], declared=500), leave), "APIConnectionError", 3),
    Fault("half a body in chunks", then(events(b"{"), leave), "APIConnectionError", 3),
    Fault("reset in a stream", then(events(EVENTS[0]), reset), "APIConnectionError", 1, stream=True),
    Fault("half a stream", then(events(EVENTS[0]), leave), "APIConnectionError", 1, stream=True),
    Fault("wrong gzip", told(reply(JSON, headers=b"content-encoding: gzip\r\n")), "APIConnectionError", 3),
    Fault("too many requests", told(reply(ERROR, status=429, headers=b"retry-after: 0\r\n")), "RateLimitError", 3),
    Fault("come back later", told(reply(ERROR, status=429, headers=b"retry-after: 3600\r\n")), "RateLimitError", 1),
    Fault("no retries", told(reply(ERROR, status=500, headers=b"x-should-retry: false\r\n")), "InternalServerError", 1),
    Fault("do retry", told(reply(ERROR, status=400, headers=b"x-should-retry: true\r\n")), "BadRequestError", 3),
    Fault("overloaded", told(reply(ERROR, status=529)), "InternalServerError", 3),
    Fault("conflict", told(reply(ERROR, status=409)), "ConflictError", 3),
    Fault("not found, and no JSON", told(reply(b"<html>", status=404)), "NotFoundError", 1),
    Fault("an error called a success", told(reply(ERROR)), "", 1),
    Fault("an error in a stream", told(events(b"data: " + ERROR + b"\n\n", b"") ), "APIError", 1, stream=True),
    Fault("half JSON, whole by its length", told(reply(JSON[:50])), "JSONDecodeError", 1),
    Fault("drip-feed", drip(reply(JSON)), "", 1),
    Fault("drip-fed events", drip(events(*EVENTS, b"")), "", 1, stream=True),
    Fault("never answers", told(b""), "APITimeoutError", 3, patience=SHORT_S),
    Fault("never goes on", told(events(EVENTS[0])), "APITimeoutError", 1, stream=True, patience=SHORT_S),
]  # fmt: skip


@dataclass
class Seen:
    """What the application saw, and how often its SDK asked."""

    error: str = ""
    status: int | None = None
    body: Any = None
    attempts: int = 0


def call(url: str, *, stream: bool = False, patience: float = PATIENT_S) -> Seen:
    seen = Seen()

    def asked(_: httpx2.Request) -> None:
        seen.attempts += 1

    hooks: Any = {"request": [asked]}
    with openai.OpenAI(
        base_url=f"{url}/v1",
        api_key="k",
        timeout=httpx2.Timeout(patience, connect=20),
        http_client=openai.DefaultHttpxClient(event_hooks=hooks),
    ) as client:
        try:
            got = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}], stream=stream)
            seen.body = [chunk.model_dump() for chunk in got] if isinstance(got, openai.Stream) else got.model_dump()
        except openai.APIStatusError as error:
            seen.error, seen.status, seen.body = type(error).__name__, error.status_code, error.response.content
        except (openai.OpenAIError, ValueError, httpx2.HTTPError) as error:
            seen.error = type(error).__name__
    return seen


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.0)


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[RawUpstream, str, House]]:
    with serving_raw(told(b"")) as (upstream, url), House(f"{url}/v1").open() as house:
        yield upstream, url, house


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_looks_as_it_would_without_us(pair: tuple[RawUpstream, str, House], fault: Fault) -> None:
    upstream, url, house = pair
    upstream.script = fault.script
    direct = call(url, stream=fault.stream, patience=fault.patience)
    upstream.requests.clear()
    idle = house.tasks
    through = call(house.url, stream=fault.stream, patience=fault.patience)

    assert (direct.error, direct.attempts) == (fault.error, fault.attempts)
    assert through.attempts == direct.attempts == len(upstream.requests)
    if fault.ours is None:
        assert (through.error, through.status, through.body) == (direct.error, direct.status, direct.body)
    else:
        assert (through.error, through.status) == ("InternalServerError", fault.ours)
        assert b'"code":"shadowbert_upstream_' in through.body
    until(lambda: house.tasks <= idle, 2.0)
    until(lambda: upstream.open <= 1, 2.0)  # at most one kept for the next call


def test_one_that_refuses_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with House(f"{url}/v1").open() as house:
        direct, through = call(url), call(house.url)
        assert (direct.error, direct.attempts) == ("APIConnectionError", 3)
        assert (through.error, through.status, through.attempts) == ("InternalServerError", 502, 3)
        assert b'"code":"shadowbert_upstream_unreachable"' in through.body
        assert len(house.journal.rows) == 3


@pytest.mark.parametrize(("limits", "sent"), [(Timeouts(read=0.1), b""), (Timeouts(total=0.1), b"HTTP/1.1 200 OK\r\n")])
def test_one_that_is_slower_than_we_wait(limits: Timeouts, sent: bytes) -> None:
    with serving_raw(told(sent)) as (upstream, url), House(f"{url}/v1", timeouts=limits).open() as house:
        through = call(house.url)
        assert (through.error, through.status, through.attempts) == ("InternalServerError", 504, 3)
        assert b'"code":"shadowbert_upstream_timeout"' in through.body
        assert len(upstream.requests) == 3
        until(lambda: upstream.open == 0)


def test_a_stream_that_falls_silent_breaks_off_for_the_client() -> None:
    with (
        serving_raw(told(events(EVENTS[0]))) as (upstream, url),
        House(f"{url}/v1", timeouts=Timeouts(read=0.1)).open() as house,
    ):
        through = call(house.url, stream=True)
        assert (through.error, through.attempts) == ("APIConnectionError", 1)
        until(lambda: upstream.open == 0)
        assert [row.outcome for row in house.journal.rows] == [Outcome.TRUNCATED]


def test_only_what_a_repetition_cannot_mend_says_so(pair: tuple[RawUpstream, str, House]) -> None:
    upstream, _, house = pair
    upstream.script = then(b"", leave)
    _, headers, _ = parse(exchange(house.url, b"GET /v1/x HTTP/1.1\r\nhost: us\r\nconnection: close\r\n\r\n"))
    assert b"x-should-retry" not in dict(headers)
    upgrade = b"connection: upgrade\r\nupgrade: websocket\r\n\r\n"
    with connect(house.url) as client:
        client.sendall(b"GET /v1/realtime HTTP/1.1\r\nhost: us\r\n" + upgrade)
        status, headers, _ = parse(client.recv(65536))
    assert (status, dict(headers)[b"x-should-retry"]) == (501, b"false")
