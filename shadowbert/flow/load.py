"""The loader: moves exchanges from the journal's segments to a sink, each exactly once.

A segment's offset moves in the same transaction as its rows, and a segment is deleted only when nobody writes it and
all of it is in the sink; so a loader may die between any two lines here and the next one goes on. Damage is stepped
over, copied to `quarantine/` and reported. Sleeps and loops are the business of the process that runs it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from shadowbert.domain.exchange import Exchange
from shadowbert.errors import JournalError, StaleState
from shadowbert.flow.frames import (
    FRAME_BYTES,
    HEADER_BYTES,
    SUFFIX,
    VERSION,
    Mark,
    decode,
    segment_header,
    segment_version,
)
from shadowbert.flow.ports import ExchangeSink

BATCH_ROWS = 500
BATCH_BYTES = 4 * 1024 * 1024
QUARANTINE = "quarantine"


@dataclass(slots=True)
class LoadReport:
    """What one step did. Alarm on `damaged` and `unreadable`; `torn` is the harmless trace of a crash."""

    read: int = 0
    """Exchanges handed to the sink."""
    new: int = 0
    """Those of them that it did not have yet."""
    deleted: int = 0
    """Segments that were done with."""
    torn: int = 0
    """Unfinished frames at the end of closed segments: never acknowledged, so nothing is lost with them."""
    damaged: int = 0
    """Stretches of damaged bytes that were stepped over."""
    damaged_bytes: int = 0
    unreadable: int = 0
    """Segments of another format version, left as they are."""
    backlog_bytes: int = 0
    """Journalled but not in the sink when the step ended."""

    @property
    def idle(self) -> bool:
        return not (self.read or self.deleted or self.torn or self.damaged)


@dataclass(frozen=True, slots=True)
class _Segment:
    name: str
    mark: Mark
    file: int
    closed: bool
    size: int

    def read(self, offset: int, window: int) -> bytes:
        return os.pread(self.file, min(window, self.size - offset), offset)

    @property
    def readable(self) -> bool:
        """Damage to the header is survived; a whole header of another version is not ours to read."""
        return segment_version(self.read(0, HEADER_BYTES)) in (VERSION, None)


@dataclass(slots=True)
class _Batch:
    """The next frames of a segment: intact ones, the damage between them, and where they end."""

    start: int
    end: int
    exchanges: list[Exchange] = field(default_factory=list)
    damage: list[tuple[int, bytes]] = field(default_factory=list)
    """Offset and bytes of each stretch."""
    torn: bool = False


class Loader:
    """One a journal directory; a second one is harmless (StaleState lets the slower of two step aside)."""

    def __init__(
        self, directory: Path, sink: ExchangeSink, *, batch_rows: int = BATCH_ROWS, batch_bytes: int = BATCH_BYTES
    ) -> None:
        self._directory = directory
        self._sink = sink
        self._rows = batch_rows
        self._bytes = batch_bytes

    def step(self) -> LoadReport:
        """One pass over all segments, oldest first, each up to the end it had when the pass reached it.

        Raises StoreError from the sink and JournalError when the directory cannot be used; nothing is lost by either.
        """
        report = LoadReport()
        try:
            for path in sorted(self._directory.glob(f"*{SUFFIX}")):
                with suppress(FileNotFoundError, StaleState):  # another loader was faster
                    self._pass(path, report)
        except OSError as exc:
            raise JournalError(f"the journal cannot be read: {exc}") from exc
        return report

    def _pass(self, path: Path, report: LoadReport) -> None:
        with _opened(path) as segment:
            if not segment.readable:
                report.unreadable += 1
                report.backlog_bytes += segment.size
                return
            offset = self._sink.offset(segment.name)
            while offset < segment.size and (batch := self._next(segment, offset)):
                offset = self._store(segment, batch, report)
            if segment.closed and offset >= segment.size:
                path.unlink()
                report.deleted += 1
            report.backlog_bytes += max(0, segment.size - offset)

    def _next(self, segment: _Segment, offset: int) -> _Batch | None:
        """The batch at this offset; None where the rest is not finished yet."""
        window = self._bytes
        while True:
            data = segment.read(offset, window)
            batch = self._parse(data, segment.mark, offset)
            if batch.end > offset:
                return batch
            if window >= segment.size - offset:
                return _rest(data, segment.mark, offset) if segment.closed else None
            window *= 2  # one frame, or one stretch of damage, is larger than the window

    def _parse(self, data: bytes, mark: Mark, offset: int) -> _Batch:
        at = _header_bytes(data, offset)
        batch = _Batch(offset, offset)
        for start, end in islice(mark.intact(data, at), self._rows):
            if start > at:
                batch.damage.append((offset + at, data[at:start]))
            try:
                batch.exchanges.append(decode(data[start + FRAME_BYTES : end]))
            except JournalError:
                batch.damage.append((offset + start, data[start:end]))
            at = end
            batch.end = offset + end
        return batch

    def _store(self, segment: _Segment, batch: _Batch, report: LoadReport) -> int:
        """Copies of damage come first: after the transaction nobody would look there again."""
        for at, data in batch.damage:
            self._quarantine(f"{segment.name}-{at}.bin", data)
        report.new += self._sink.load(segment.name, start=batch.start, end=batch.end, exchanges=batch.exchanges)
        report.read += len(batch.exchanges)
        report.torn += batch.torn
        report.damaged += len(batch.damage)
        report.damaged_bytes += sum(len(data) for _, data in batch.damage)
        return batch.end

    def _quarantine(self, name: str, data: bytes) -> None:
        directory = self._directory / QUARANTINE
        directory.mkdir(mode=0o700, exist_ok=True)
        file = os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "wb") as copy:
            copy.write(data)


def _header_bytes(data: bytes, offset: int) -> int:
    """How many bytes at this offset are the segment's header, or the beginning that a crash left of it."""
    header = segment_header()
    return min(len(data), len(header)) if offset == 0 and header.startswith(data[: len(header)]) else 0


def _rest(data: bytes, mark: Mark, offset: int) -> _Batch:
    """The end of a closed segment, where no intact frame follows."""
    at = _header_bytes(data, offset)
    tail = data[at:]
    batch = _Batch(offset, offset + len(data))
    if tail and mark.unfinished(tail):
        batch.torn = True
    elif tail:
        batch.damage.append((offset + at, tail))
    return batch


@contextmanager
def _opened(path: Path) -> Iterator[_Segment]:
    """The segment's file. Where nobody writes it its lock is ours until the end of the block."""
    file = os.open(path, os.O_RDONLY)
    try:
        closed = _locked(file)
        # In this order: what a writer appended before it let go of the lock is counted in the size.
        yield _Segment(path.stem, Mark.of(path.stem), file, closed=closed, size=os.fstat(file).st_size)
    finally:
        os.close(file)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
