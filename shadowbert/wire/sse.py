"""Server-sent events (WHATWG HTML, section 9.2): frames into bytes, data out of bytes, the end of an OpenAI stream.

Knows nothing of what the data says, except which event is the last that a client waits for.
"""

import re
from collections.abc import Iterator, Mapping

import orjson

from shadowbert.wire.tolerant import parse_object

DONE = b"data: [DONE]\n\n"

_TERMINAL = re.compile(
    rb"[\r\n](?:"
    rb"(?P<done>data: ?\[DONE\][\r\n])"
    rb"|event: ?(?:response\.(?:completed|incomplete|failed)|error)(?=[\r\n])"
    rb'|data: ?\{ ?"type": ?"(?:response\.(?:completed|incomplete|failed)|error)"'
    rb")"
)
"""Only a line's beginning counts: JSON escapes line ends, so no text inside an event can write one."""

_LONGEST_OPEN_TAIL = len(b'\ndata: { "type": "response.incomplete')

_BLANK_LINE = re.compile(rb"\n[\r\n]|\r\r")
"""What ends an event after its last line: a `\\r\\n` is one line end, and a lone `\\r` may be one, too."""


def frame(payload: object) -> bytes:
    """One event as chat writes it."""
    return b"data: " + orjson.dumps(payload) + b"\n\n"


def typed_frame(kind: str, payload: Mapping[str, object]) -> bytes:
    """One event as the Responses API writes it: its type stands on a line of its own and in the data."""
    return b"event: " + kind.encode("ascii") + b"\ndata: " + orjson.dumps({"type": kind, **payload}) + b"\n\n"


def data_of(body: bytes) -> Iterator[bytes]:
    """The data of each event in order. A last event whose blank line is missing is given too: its reader judges it."""
    lines: list[bytes] = []
    for line in body.removeprefix(b"\xef\xbb\xbf").splitlines():
        if line.startswith(b"data:"):
            lines.append(line[5:].removeprefix(b" "))
        elif not line and lines:
            yield b"\n".join(lines)
            lines = []
    if lines:
        yield b"\n".join(lines)


def objects_of(body: bytes) -> Iterator[dict[str, object] | None]:
    """The JSON object of each event but `[DONE]`; None for an event that holds none."""
    return (parse_object(data) for data in data_of(body) if data != b"[DONE]")


class TerminalScanner:
    """Watches a stream go by for the event that a client reads last, however it is cut into chunks: chat's
    `data: [DONE]` line, or the blank line after a Responses event that completes, fails or breaks off the response.
    """

    __slots__ = ("_closing", "_seen", "_tail")

    def __init__(self) -> None:
        self._tail = b"\n"  # a stream begins at the start of a line
        self._closing = False
        self._seen = False

    def feed(self, chunk: bytes) -> bool:
        """True from the chunk on that ends it: no client stops reading before. Keeps a few bytes between chunks."""
        if self._seen:
            return True
        window, start = self._tail + chunk, 0
        if not self._closing and (mark := _TERMINAL.search(window)):
            start = mark.end()
            self._closing, self._seen = True, mark["done"] is not None
        if self._closing and not self._seen:
            self._seen = _BLANK_LINE.search(window, start) is not None
        self._tail = window[-1:] if self._closing else window[-_LONGEST_OPEN_TAIL:]
        return self._seen
