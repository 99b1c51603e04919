"""The journal's writer: append-only segments in a directory, one open per process, one write per exchange.

A segment is open while its writer holds its lock and closed when nobody does. That one fact is kept by the kernel, so
close() and kill -9 end a segment alike and no crash can leave it half-sealed. Knows nothing of the store.
"""

import errno
import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from shadowbert.domain.exchange import Exchange
from shadowbert.domain.ids import uuid7
from shadowbert.errors import JournalError
from shadowbert.flow.frames import HEADER_BYTES, SUFFIX, Mark, encode, segment_header

Durability = Literal["process", "power-loss"]
"""What an appended row survives: the death of the process (page cache), or of the machine (fdatasync a row)."""

SEGMENT_BYTES = 64 * 1024 * 1024


@dataclass(slots=True)
class _Segment:
    file: int
    mark: Mark
    size: int


class SegmentJournal:
    """Implements the port `Journal`. For one thread of one process; never fork while one is open."""

    def __init__(
        self, directory: Path, *, segment_bytes: int = SEGMENT_BYTES, durability: Durability = "process"
    ) -> None:
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._sync = durability == "power-loss"
        self._segment: _Segment | None = None
        self._closed = False
        self._named_ms = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, exchange: Exchange) -> None:
        """Raises JournalError; the next append starts from a sound state, so a full disk heals by itself."""
        if self._closed:
            raise JournalError("the journal is closed")
        payload = encode(exchange)
        segment = self._current()
        try:
            self._write(segment, segment.mark.frame(payload))
        except OSError as exc:
            raise JournalError(f"exchange {exchange.id} was not written: {exc.strerror}") from exc
        if segment.size >= self._segment_bytes:
            self._seal()

    def close(self) -> None:
        """Seals the open segment; append raises from now on."""
        self._closed = True
        self._seal()

    def _current(self) -> _Segment:
        """The open segment, unless somebody deleted its file: what is written there would be read by nobody."""
        if self._segment is not None and not os.fstat(self._segment.file).st_nlink:
            self._seal()
        return self._segment or self._open()

    def _write(self, segment: _Segment, frame: bytes) -> None:
        try:
            _write_whole(segment.file, frame)
        except OSError:
            self._undo(segment)
            raise
        segment.size += len(frame)
        if self._sync:
            try:
                os.fdatasync(segment.file)
            except OSError:
                # After a failed sync nobody knows which pages are on disk, and a second sync would lie. The loader may
                # have taken the row already, so it stays.
                self._seal()
                raise

    def _undo(self, segment: _Segment) -> None:
        """Takes a torn frame back; where even that fails, the segment ends with it and the loader passes over it."""
        try:
            os.ftruncate(segment.file, segment.size)
        except OSError:
            self._seal()

    def _open(self) -> _Segment:
        try:
            if not self._directory.is_dir():
                self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._sync_directory(self._directory.parent)
            self._segment = self._create()
            self._sync_directory(self._directory)
        except OSError as exc:
            self._seal()
            raise JournalError(f"no journal segment can be opened: {exc.strerror}") from exc
        return self._segment

    def _create(self) -> _Segment:
        # A loader may meet the file before it is locked, take it for an empty orphan, and delete it.
        for _ in range(3):
            name = self._name()
            path = self._directory / f"{name}{SUFFIX}"
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(file).st_nlink:
                    _write_whole(file, segment_header())
                    return _Segment(file, Mark.of(name), HEADER_BYTES)
            except BlockingIOError:
                pass
            except OSError:
                path.unlink(missing_ok=True)
                os.close(file)
                raise
            os.close(file)
        raise OSError(errno.EAGAIN, "new segments are taken away at once")

    def _name(self) -> str:
        """Names of one journal rise also within a millisecond and when the clock is set back."""
        self._named_ms = max(time.time_ns() // 1_000_000, self._named_ms + 1)
        return uuid7(self._named_ms)

    def _seal(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            os.close(segment.file)

    def _sync_directory(self, directory: Path) -> None:
        if not self._sync:
            return
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write_whole(file: int, data: bytes) -> None:
    """One write; a short one is how a disk that is getting full shows itself."""
    if os.write(file, data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
