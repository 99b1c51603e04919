"""Engines for SQLite and PostgreSQL, tuned so that a write is one short transaction that waits its turn."""

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
def writing(engine: Engine) -> Iterator[Connection]:
    """Commits at the end, rolls back when the block raises."""
    with _refusals(), engine.connect().execution_options(immediate=True) as connection, connection.begin():
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
        pragmas = (f"busy_timeout={BUSY_MS}", "journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON")
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
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
