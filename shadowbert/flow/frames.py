"""The bytes of a journal segment: a header, then frames of magic(4) length(4) crc32(4) payload, integers little-endian.

Knows nothing of files. A client's body may hold any bytes, also bytes made to look like a frame, and after damage a
reader searches for the next frame in just such bytes. So magic and checksum seed come from the segment's name, which
no client sees: a forged frame is not found, and a frame of one segment is not one in another.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import blake2s
from zlib import crc32

import orjson
from pydantic import TypeAdapter, ValidationError

from shadowbert.domain.exchange import Exchange
from shadowbert.errors import JournalError

SUFFIX = ".seg"
VERSION = 1
HEADER_BYTES = 12
FRAME_BYTES = 12
"""What a frame adds to its payload."""

_FRAME = struct.Struct("<4sII")
_LENGTH = struct.Struct("<I")
_BODIES = ("request_body", "response_body")


def segment_header(version: int = VERSION) -> bytes:
    """The first bytes of a segment; checksummed, so that damage is not taken for another version."""
    start = b"SBJL" + _LENGTH.pack(version)
    return start + _LENGTH.pack(crc32(start))


def segment_version(data: bytes) -> int | None:
    """The format version a segment declares; None when there is no intact header."""
    version = int.from_bytes(data[4:8], "little")
    return version if data[:HEADER_BYTES] == segment_header(version) else None


def encode(exchange: Exchange) -> bytes:
    """Header length(4), header (JSON; a body stands in it as its length), request body, response body.

    Raises JournalError when the exchange holds what JSON cannot (a lone surrogate).
    """
    try:
        header = orjson.dumps(exchange, default=_body_length)
    except orjson.JSONEncodeError as exc:
        raise JournalError(f"exchange {exchange.id} cannot be written: {exc}") from exc
    return b"".join((_LENGTH.pack(len(header)), header, exchange.request_body or b"", exchange.response_body or b""))


def decode(payload: bytes) -> Exchange:
    """The inverse of `encode`. Raises JournalError when the payload is not an exchange."""
    try:
        at = _LENGTH.size + _LENGTH.unpack_from(payload)[0]
        values = orjson.loads(payload[_LENGTH.size : at])
        for name in _BODIES:
            if (length := values[name]) is not None:
                values[name] = payload[at : at + length]
                at += length
        return _exchanges().validate_python(values)
    except (struct.error, orjson.JSONDecodeError, KeyError, TypeError, ValidationError) as exc:
        raise JournalError("a frame holds no exchange") from exc


@dataclass(frozen=True, slots=True)
class Mark:
    """What tells a segment's own frames from all other bytes."""

    magic: bytes
    seed: int

    @classmethod
    def of(cls, segment: str) -> "Mark":
        digest = blake2s(segment.encode(), digest_size=8).digest()
        return cls(digest[:4], int.from_bytes(digest[4:], "little"))

    def frame(self, payload: bytes) -> bytes:
        return _FRAME.pack(self.magic, len(payload), crc32(payload, self.seed)) + payload

    def end_of(self, data: bytes, start: int) -> int | None:
        """Where the intact frame that starts here ends; None when there is none."""
        if len(data) - start < FRAME_BYTES:
            return None
        magic, length, checksum = _FRAME.unpack_from(data, start)
        end: int = start + FRAME_BYTES + length
        if magic != self.magic or end > len(data):
            return None
        return end if crc32(memoryview(data)[start + FRAME_BYTES : end], self.seed) == checksum else None

    def intact(self, data: bytes, start: int) -> Iterator[tuple[int, int]]:
        """(start, end) of every intact frame from here on; what lies between two of them is damaged."""
        while (start := data.find(self.magic, start)) >= 0:
            if end := self.end_of(data, start):
                yield start, end
                start = end
            else:
                start += 1

    def unfinished(self, tail: bytes) -> bool:
        """Whether these last bytes of a segment are the beginning of one frame, as a crash leaves it."""
        if len(tail) < FRAME_BYTES:
            return self.magic.startswith(tail[:4])
        magic, length, _ = _FRAME.unpack_from(tail)
        return bool(magic == self.magic and len(tail) < FRAME_BYTES + length)


def _body_length(value: object) -> int:
    if isinstance(value, bytes):
        return len(value)
    raise TypeError(f"{type(value).__name__} is not part of an exchange")


@cache
def _exchanges() -> TypeAdapter[Exchange]:
    # Made on first use, by the loader: 2 ms that no import and no web process pays.
    return TypeAdapter(Exchange)
