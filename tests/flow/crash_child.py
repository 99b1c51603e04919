"""The process that dies in the crash tests: `python -m tests.flow.crash_child PLAN DIRECTORY`.

Each acknowledged exchange id goes to stdout, unbuffered, after append returned: what the parent reads is what a client
could have been told.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from shadowbert.domain.exchange import Exchange
from shadowbert.flow import journal as journal_module
from shadowbert.flow.journal import SegmentJournal
from shadowbert.flow.load import Loader
from shadowbert.testing.exchanges import an_exchange
from tests.flow.sqlite_sink import SqliteSink


def die(*_: Any, **__: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def append(journal: SegmentJournal, rows: int) -> None:
    for _ in range(rows):
        exchange = an_exchange()
        journal.append(exchange)
        os.write(1, f"{exchange.id}\n".encode())


def torn_write(directory: Path) -> None:
    journal = SegmentJournal(directory)
    append(journal, 3)
    write_whole = journal_module._write_whole

    def half(file: int, data: bytes) -> NoReturn:
        write_whole(file, data[: len(data) // 2])
        die()

    journal_module._write_whole = half
    append(journal, 1)


def before_acknowledgement(directory: Path) -> None:
    journal = SegmentJournal(directory)
    append(journal, 3)
    journal.append(an_exchange(id="written-but-not-acknowledged"))
    die()


def between_lock_and_header(directory: Path) -> None:
    journal_module._write_whole = die
    append(SegmentJournal(directory), 1)


def for_ever(directory: Path) -> None:
    journal = SegmentJournal(directory, segment_bytes=20_000)
    while True:
        append(journal, 1)


class DyingSink(SqliteSink):
    """Dies in the middle of its transaction, or after the commit."""

    def __init__(self, directory: Path, *, rows: int | None) -> None:
        super().__init__(directory / "sink.db")
        self.left = rows

    def insert(self, exchange: Exchange) -> int:
        if self.left == 0:
            die()
        self.left = None if self.left is None else self.left - 1
        return super().insert(exchange)


def in_the_transaction(directory: Path) -> None:
    Loader(directory, DyingSink(directory, rows=2), batch_rows=3).step()


def in_the_second_transaction(directory: Path) -> None:
    Loader(directory, DyingSink(directory, rows=4), batch_rows=3).step()


def before_the_delete(directory: Path) -> None:
    Path.unlink = die  # type: ignore[method-assign]
    Loader(directory, DyingSink(directory, rows=None)).step()


PLANS: dict[str, Callable[[Path], None]] = {
    plan.__name__: plan
    for plan in (
        torn_write,
        before_acknowledgement,
        between_lock_and_header,
        for_ever,
        in_the_transaction,
        in_the_second_transaction,
        before_the_delete,
    )
}

if __name__ == "__main__":
    PLANS[sys.argv[1]](Path(sys.argv[2]))
