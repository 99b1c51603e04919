"""Server-sent events (WHATWG HTML, section 9.2): frames into bytes, data out of bytes, the end of an OpenAI stream.

Knows nothing of what the data says.
"""

import re
from collections.abc import Iterator

import orjson

DONE = b"data: [DONE]\n\n"

_TERMINAL = re.compile(rb"[\r\n]data: ?\[DONE\][\r\n]")
_LONGEST_OPEN_TAIL = len(b"\ndata: [DONE]")


def frame(payload: object) -> bytes:
    """One event as OpenAI writes it."""
    return b"data: " + orjson.dumps(payload) + b"\n\n"


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


class TerminalScanner:
    """Watches a stream go by for its `data: [DONE]` line, however it is cut into chunks."""

    __slots__ = ("_seen", "_tail")

    def __init__(self) -> None:
        self._tail = b"\n"  # a stream begins at the start of a line
        self._seen = False

    def feed(self, chunk: bytes) -> bool:
        """True from the chunk on that ends that line: no client stops reading before it."""
        if not self._seen:
            window = self._tail + chunk
            self._seen = b"[DONE]" in window and _TERMINAL.search(window) is not None
            self._tail = window[-_LONGEST_OPEN_TAIL:]
        return self._seen
