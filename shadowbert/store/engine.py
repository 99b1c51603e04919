"""Engines for SQLite and PostgreSQL, tuned so that a write is one short transaction that waits its turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from shadowbert.errors import StoreError

BUSY_MS = 10_000
SNAPSHOT: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def open_engine(url: str) -> Engine:
    """A database engine for a SQLAlchemy URL (`sqlite:///file` or `postgresql+psycopg://...`)."""
    if url.startswith("sqlite"):
        return _open_sqlite(url)
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


def _open_sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
    connection.isolation_level = None  # we say BEGIN ourselves: SQLAlchemy's recipe for pysqlite
    for pragma in (f"busy_timeout={BUSY_MS}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that reads and then writes fails at once when another writer came between, whatever the
    # busy time-out; so whoever means to write says so first.
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
