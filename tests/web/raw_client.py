"""A client on a raw socket: sends the bytes it is given and shows the bytes it gets."""

import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest


def connect(url: str) -> socket.socket:
    where = urlsplit(url)
    return socket.create_connection((where.hostname or "", where.port or 0), timeout=10)


def exchange(url: str, request: bytes) -> bytes:
    """The whole reply to a request that asks for the connection to be closed."""
    with connect(url) as connection:
        connection.sendall(request)
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    got = b""
    while piece := connection.recv(65536):
        got += piece
    return got


def parse(reply: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    head, _, body = reply.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    headers = [(name.lower(), value) for name, _, value in (line.partition(b": ") for line in lines)]
    return int(first.split()[1]), headers, body


def unchunk(body: bytes) -> bytes:
    out = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        if not int(size, 16):
            return out
        out, body = out + body[: int(size, 16)], body[int(size, 16) + 2 :]


def until(fact: Callable[[], object], seconds: float = 5.0) -> None:
    """Waits for a fact that another thread brings about."""
    limit = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > limit:
            pytest.fail("it did not happen")
        time.sleep(0.005)
