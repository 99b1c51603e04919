"""A server on raw sockets that keeps every byte it gets and answers with whatever bytes it is told. Knows no HTTP
beyond where a request ends.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Script = Callable[[socket.socket, bytes], None]
"""Answers one request on its connection; the connection lives until the script closes it."""

_BLANK = b"\r\n\r\n"


class RawUpstream:
    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.connections = 0
        self.open = 0
        self.gone = threading.Event()
        """Set once a client closed a connection."""
        self._lock = threading.Lock()

    def serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self._count(1)
            while request := _read(connection):
                self.requests.append(request)
                self.script(connection, request)
        self._count(-1)
        self.gone.set()

    def _count(self, step: int) -> None:
        with self._lock:
            self.connections += step > 0
            self.open += step


def replying(*pieces: bytes) -> Script:
    """A script that sends these bytes and keeps the connection."""

    def script(connection: socket.socket, _: bytes) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return script


@contextmanager
def serving_raw(script: Script) -> Iterator[tuple[RawUpstream, str]]:
    upstream, listener = RawUpstream(script), socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_accept, args=(upstream, listener), daemon=True)
    thread.start()
    try:
        yield upstream, f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _accept(upstream: RawUpstream, listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=upstream.serve, args=(connection,), daemon=True).start()


def _read(connection: socket.socket) -> bytes:
    """One request; empty when the client has closed."""
    got = b""
    while not _complete(got):
        piece = connection.recv(65536)
        if not piece:
            return b""
        got += piece
    return got


def _complete(got: bytes) -> bool:
    head, found, body = got.partition(_BLANK)
    if not found:
        return False
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    if fields.get(b"transfer-encoding") == b"chunked":
        return body.endswith(b"0\r\n\r\n")
    return len(body) >= int(fields.get(b"content-length", b"0"))
