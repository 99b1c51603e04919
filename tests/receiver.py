"""A webhook's other end: a real server on a loopback port that answers as it is told and notes what it was sent."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG, DRIP = "hang", "drip"


@dataclass
class Receiver:
    """`script`: what the next requests are answered with, a status or a misbehaviour; 200 when it is used up."""

    script: list[int | str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    """Set when the test ends: nobody hangs any longer."""
    url: str = ""

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["kind"] == kind]

    @contextmanager
    def open(self) -> Iterator["Receiver"]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}/services/T0/s3cret-path"
        try:
            yield self
        finally:
            self.over.set()
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.paths.append(self.path)
            receiver.headers.append({name.lower(): value for name, value in self.headers.items()})
            receiver.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            answer = receiver.script.pop(0) if receiver.script else 200
            if answer == HANG:
                receiver.over.wait()
            elif answer == DRIP:
                self._drip()
            else:
                self.send_response(int(answer))
                self.send_header("location", f"{receiver.url}/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()

        def _drip(self) -> None:
            """A byte now and then: no single read takes long, and the reply never begins."""
            try:
                while not receiver.over.wait(0.02):
                    self.wfile.write(b"H")
            except OSError:
                return

        def log_message(self, *_: object) -> None:
            """Tests have a quiet terminal."""

    return Handler
