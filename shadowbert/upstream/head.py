"""The head of an outgoing request: what the HTTP client is told, and the bytes where its own spelling would differ.

aiohttp writes header values as UTF-8, drops an empty query and raises methods to upper case. Knows no connection.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from yarl import URL

from shadowbert.upstream.headers import Pairs, request_headers


@dataclass(frozen=True, slots=True)
class Head:
    method: str
    url: URL
    headers: list[tuple[str, str]]
    exact: bytes | None
    """Set where the client library could not write these bytes."""


def head_of(method: str, origin: str, target: bytes, *, headers: Pairs, body: bytes | AsyncIterator[bytes]) -> Head:
    """`target` is the upstream's own; `origin` has no path."""
    path = target.decode("latin-1")
    url = URL(origin + (path if path.startswith(("/", "?")) else "/"), encoded=True)
    pairs = [*request_headers(headers), *_length(headers, body)]
    faithful = url.raw_path_qs == path and path.isascii() and method == method.upper()
    try:
        texts = [(name.decode("ascii"), value.decode("utf-8")) for name, value in pairs]
    except UnicodeDecodeError:
        texts = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs]
        faithful = False
    return Head(method, url, texts, None if faithful else _exact(method, url, target or b"/", pairs=pairs, body=body))


def _exact(
    method: str, url: URL, target: bytes, *, pairs: list[tuple[bytes, bytes]], body: bytes | AsyncIterator[bytes]
) -> bytes:
    lines = [b"%b %b HTTP/1.1" % (method.encode("ascii"), target)]
    lines.append(b"Host: " + (url.host_port_subcomponent or "").encode("ascii"))
    lines += [name + b": " + value for name, value in pairs]
    if not isinstance(body, bytes) and not _declared(pairs):
        lines.append(b"Transfer-Encoding: chunked")
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _length(headers: Pairs, body: bytes | AsyncIterator[bytes]) -> list[tuple[bytes, bytes]]:
    """A body that is streamed keeps the length its sender declared; without one it goes chunked."""
    if isinstance(body, bytes) and body:
        return [(b"Content-Length", str(len(body)).encode("ascii"))]
    return _declared(headers)[:1]


def _declared(headers: Pairs) -> list[tuple[bytes, bytes]]:
    return [(b"Content-Length", value) for name, value in headers if name.lower() == b"content-length"]
