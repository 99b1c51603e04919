"""The relay: sends a client's request to the upstream API and hands back its reply as bytes.

aiohttp with every convenience that would change a byte switched off: cookies, redirects, decompression, re-quoting,
connection limit, total time-out, headers of its own and repetitions. Refuses to know what the bytes mean, and never
repeats a request that upstream may have received (a reused connection found dead before the first byte went out is
the one exception).
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import aiohttp
from yarl import URL

from shadowbert.errors import ConfigError, UpstreamError
from shadowbert.upstream.errors import BrokenOff, translated
from shadowbert.upstream.head import Head, head_of
from shadowbert.upstream.headers import Pairs, reply_headers
from shadowbert.upstream.payload import StreamedBody, WatchedBody, payload
from shadowbert.upstream.target import map_target

_HEADER_LIMIT = 64 * 1024
_HEADERS = 1000
_BODILESS = frozenset({204, 304})
_STATUSES = range(200, 600)
"""Of final replies (RFC 9110, section 15)."""


class Outgoing(Protocol):
    """What the relay needs of a request. `target` is the raw path with the raw query."""

    @property
    def method(self) -> str: ...
    @property
    def target(self) -> bytes: ...
    @property
    def headers(self) -> Pairs: ...
    @property
    def body(self) -> bytes | AsyncIterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `read` is the longest silence allowed between two bytes; a reply may take any time in total."""

    connect: float = 10.0
    read: float = 600.0
    total: float | None = None


class Relay:
    """An open relay to one upstream; use it as an async context manager."""

    def __init__(self, base_url: str, *, timeouts: Timeouts | None = None) -> None:
        url = URL(base_url.rstrip("/"), encoded=True)
        if url.scheme not in ("http", "https") or not url.host:
            raise ConfigError(f"the upstream's base URL must start with http:// or https://, not {base_url!r}")
        self._base_path = url.raw_path.rstrip("/").encode("ascii")
        self._origin = str(url.origin())
        self._timeouts = timeouts or Timeouts()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        limits = self._timeouts
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=limits.total, connect=limits.connect, sock_read=limits.read),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            max_line_size=_HEADER_LIMIT,
            max_field_size=_HEADER_LIMIT,
            max_headers=_HEADERS,
            middlewares=(_once,),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    def send(self, request: Outgoing) -> "Sending":
        if self._session is None:
            raise RuntimeError("the relay is used outside its context")
        target = map_target(self._base_path, request.target)
        head = head_of(request.method, self._origin, target, headers=request.headers, body=request.body)
        return Sending(self._session, head, request.body)


class Sending:
    """One request on its way; entering waits for the reply's head."""

    def __init__(self, session: aiohttp.ClientSession, head: Head, body: bytes | AsyncIterator[bytes]) -> None:
        self._session, self._head, self._body = session, head, body
        self._response: aiohttp.ClientResponse | None = None

    async def __aenter__(self) -> "Reply":
        with translated():
            self._response = response = await self._open()
        try:
            return Reply(response)
        except UpstreamError:
            response.close()
            raise

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self._response is None:
            return
        if kind is None and self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()

    async def _open(self) -> aiohttp.ClientResponse:
        body = payload(self._body, self._head.exact)
        try:
            return await self._send(body)
        except BrokenOff:
            if isinstance(body, WatchedBody) and not body.begun:
                return await self._send(body)
            raise

    async def _send(self, body: WatchedBody | StreamedBody | None) -> aiohttp.ClientResponse:
        head = self._head
        return await self._session.request(
            head.method, head.url, headers=head.headers, data=body, allow_redirects=False
        )


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keeps aiohttp from repeating idempotent requests: the client's SDK repeats, and once is enough."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise BrokenOff(str(error)) from error


class Reply:
    """Upstream's reply: status and headers at once, the body as it comes. Raises UpstreamError for what is no HTTP."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        if response.status not in _STATUSES:
            raise UpstreamError(f"The upstream API's reply has the status {response.status}, which is no HTTP.")
        self.status = response.status
        self.headers = reply_headers(response.raw_headers, bodiless=response.status in _BODILESS)
        self._content = response.content

    async def chunks(self) -> AsyncIterator[bytes]:
        with translated():
            async for chunk in self._content.iter_any():
                yield chunk
