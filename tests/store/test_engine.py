"""What SQLite is told about durability, who waits for whom, and that a file which is gone is not written for nobody."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from shadowbert.errors import StoreError
from shadowbert.store.engine import open_engine, reading
from shadowbert.store.store import Store, StoreSink
from shadowbert.testing.exchanges import an_exchange
from tests.store.postgres import Server

NORMAL, FULL = 1, 2


@pytest.mark.parametrize(("durable", "synchronous"), [(False, NORMAL), (True, FULL)])
def test_commits_are_as_durable_as_asked(sqlite_url: str, durable: bool, synchronous: int) -> None:
    engine = open_engine(sqlite_url, durable=durable)
    with reading(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == synchronous
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    engine.dispose()


def test_a_deleted_database_is_neither_written_nor_made_anew(sqlite_store: Store, sqlite_url: str) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    with sqlite_store.write() as work:
        work.marks.set("here", seq=1)
    away = file.rename(file.with_name("away.db"))
    for _ in range(2):
        with pytest.raises(StoreError, match="deleted or replaced"), sqlite_store.write() as work:
            work.marks.set("here", seq=2)
    assert not file.exists()
    away.rename(file)
    with sqlite_store.read() as work:
        assert work.marks.seq("here") == 1


def test_a_replaced_database_is_opened_at_the_next_try(
    sqlite_store: Store, sqlite_url: str, migrated_sqlite: Path
) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    with sqlite_store.write() as work:
        work.marks.set("here", seq=1)
    for part in file.parent.glob(f"{file.name}*"):
        part.rename(part.with_name(f"old-{part.name}"))
    file.write_bytes(migrated_sqlite.read_bytes())
    with pytest.raises(StoreError, match="deleted or replaced"), sqlite_store.read():
        pass
    with sqlite_store.write() as work:
        assert work.marks.seq("here") == 0


@contextmanager
def held_by_another(file: Path) -> Iterator[None]:
    """A new file that somebody is writing at this moment, and lets go of a little later."""
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE first (x)")
    other.execute("BEGIN IMMEDIATE")
    later = threading.Timer(0.2, lambda: other.execute("COMMIT"))
    later.start()
    yield
    later.join()
    other.close()


def test_who_opens_a_new_file_waits_for_whoever_is_writing_it(tmp_path: Path) -> None:
    """SQLite itself does not wait where it is asked for the write-ahead log, whatever the busy time-out."""
    engine = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with held_by_another(tmp_path / "new.db"), reading(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    engine.dispose()


def test_one_writes_at_a_time(store: Store) -> None:
    """On either database: what a transaction read is still so when it writes, and no two wait for each other."""
    turns, both = 20, threading.Barrier(2)

    def count() -> None:
        both.wait()
        for _ in range(turns):
            with store.write() as work:
                work.marks.set("count", seq=work.marks.seq("count") + 1)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(count) for _ in range(2)]:
            done.result(60)
    with store.read() as work:
        assert work.marks.seq("count") == 2 * turns


def test_on_postgresql_journals_are_emptied_while_the_worker_writes(postgres: Server) -> None:
    with postgres.database() as url:
        store = Store(url)
        with store.write() as work:
            work.marks.set("here", seq=1)
            assert StoreSink(store).load("s", start=0, end=1, exchanges=[an_exchange()]) == 1
        store.close()
