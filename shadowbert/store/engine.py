"""Engines for SQLite and PostgreSQL, tuned so that a write is one short transaction that waits its turn."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from shadowbert.errors import StoreError

BUSY_MS = 10_000
FILE = "file"
"""Where a connection keeps which file it opened."""
SNAPSHOT: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
WRITER = 0x5AD0BE28
ALONE = f"SELECT set_config('lock_timeout', '{BUSY_MS}', true), pg_advisory_xact_lock({WRITER})"
"""PostgreSQL's own locks are a row's: who takes them in another order waits for somebody who waits for him."""


def open_engine(url: str, *, durable: bool = False) -> Engine:
    """A database engine for a SQLAlchemy URL (`sqlite:///file` or `postgresql+psycopg://...`).

    `durable`: what is committed survives a power loss too. PostgreSQL keeps that promise by itself.
    """
    if url.startswith("sqlite"):
        return _open_sqlite(url, synchronous="FULL" if durable else "NORMAL")
    return create_engine(url, pool_pre_ping=True, pool_size=4)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view: a transaction of SQLite is one by itself, PostgreSQL must be asked."""
    options = SNAPSHOT if engine.dialect.name == "postgresql" else {}
    with _refusals(), engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine, *, alone: bool = True) -> Iterator[Connection]:
    """Commits at the end, rolls back when the block raises. One writes at a time, as in SQLite, unless not `alone`."""
    with _refusals(), engine.connect().execution_options(immediate=True) as connection, connection.begin():
        if alone and engine.dialect.name == "postgresql":
            connection.exec_driver_sql(ALONE)
        yield connection


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        first_line = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        raise StoreError(f"the database refused: {type(error).__name__}: {first_line}") from error


def _open_sqlite(url: str, *, synchronous: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False})
    file = Path(engine.url.database or "")

    def prepare(connection: Any, record: ConnectionPoolEntry) -> None:  # noqa: ANN401 - a DBAPI connection
        connection.isolation_level = None  # we say BEGIN ourselves: SQLAlchemy's recipe for pysqlite
        for pragma in (f"busy_timeout={BUSY_MS}", f"synchronous={synchronous}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        _write_ahead(connection)
        record.info[FILE] = _identity(file)

    def begin(connection: Connection) -> None:
        _refuse_another_file(connection, file)
        # A deferred transaction that reads and then writes fails at once when another writer came between, whatever
        # the busy time-out; so whoever means to write says so first.
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """A new file is switched to the write-ahead log once. Here SQLite does not wait by itself while another process
    writes or switches the file: the busy time-out does not hold where waiting might never end.
    """
    until = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _refuse_another_file(connection: Connection, file: Path) -> None:
    """What is written to a deleted database nobody reads: the journal must not let go of its rows for that."""
    present = _identity(file)
    if present == connection.info[FILE]:
        return
    if present is not None:
        connection.invalidate()  # the next transaction opens the file that is there now
    raise StoreError(f"the database {file} was deleted or replaced while it was open")


def _identity(file: Path) -> tuple[int, int] | None:
    """Device and inode; None where there is no such file."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
