"""Tells the moment at which a client has its whole reply: the row must be written before that byte is forwarded.

SDKs stop reading there, so a later moment is too late for a process that is about to die. Knows no client.
"""

from shadowbert.flow.ports import Headers
from shadowbert.wire.sse import TerminalScanner

_BODILESS = frozenset({204, 304})


class Ending:
    """Watches one reply go by."""

    def __init__(self, method: str, status: int, headers: Headers) -> None:
        self._left: int | None = None
        self._scanner: TerminalScanner | None = None
        for name, value in headers:
            lower = name.lower()
            if lower == b"content-length" and value.isdigit():
                self._left = int(value)
            elif lower == b"content-type" and value.lower().startswith(b"text/event-stream"):
                self._scanner = TerminalScanner()
        self.empty = method == "HEAD" or status in _BODILESS or self._left == 0

    def terminal(self, chunk: bytes) -> bool:
        """Whether the client has all it waits for once this chunk has passed; more bytes may still follow."""
        return (self._scanner is not None and self._scanner.feed(chunk)) or self._left == len(chunk)

    def last(self, chunk: bytes) -> bool:
        """Whether the declared length ends with this chunk. Call once a chunk, after `terminal`."""
        if self._left is None:
            return False
        self._left -= len(chunk)
        return self._left <= 0
