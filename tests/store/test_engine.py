"""What SQLite is told about durability, and that a file which is no longer there is not written for nobody."""

from pathlib import Path

import pytest

from shadowbert.errors import StoreError
from shadowbert.store.engine import open_engine, reading
from shadowbert.store.store import Store

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
