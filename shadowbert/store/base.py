"""What every repository shares: a connection inside a transaction that the caller commits."""

from typing import Any

from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from shadowbert.store.tables import counters

LOAD_SEQ = "load_seq"
REVISION = "revision"


class Repository:
    """Statements on one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def _take(self, counter: str, count: int = 1) -> int:
        """Advance a counter and return its new value. Its row stays locked until the commit, so numbers become
        visible in the order they were given.
        """
        statement = update(counters).where(counters.c.name == counter).values(value=counters.c.value + count)
        return int(self._db.execute(statement.returning(counters.c.value)).scalar_one())

    def _counter(self, counter: str) -> int:
        return int(self._db.execute(select(counters.c.value).where(counters.c.name == counter)).scalar_one())

    def _insert_first(self, table: Table, values: dict[str, Any]) -> bool:
        """Insert a row that is not there yet. False when another transaction was first; ours goes on."""
        try:
            with self._db.begin_nested():
                self._db.execute(insert(table), [values])
        except IntegrityError:
            return False
        return True

    def touch(self) -> None:
        """Tell the web processes' mirrors that stages, candidates or known disagreements changed."""
        self._take(REVISION)
