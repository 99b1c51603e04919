"""A sink that outlives its process: what the crash tests look into afterwards."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from shadowbert.domain.exchange import Exchange
from shadowbert.errors import StaleState


class SqliteSink:
    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("CREATE TABLE IF NOT EXISTS rows (seq INTEGER PRIMARY KEY, id TEXT UNIQUE)")
        self.db.execute("CREATE TABLE IF NOT EXISTS offsets (segment TEXT PRIMARY KEY, offset INTEGER)")

    def offset(self, segment: str) -> int:
        row = self.db.execute("SELECT offset FROM offsets WHERE segment = ?", (segment,)).fetchone()
        return row[0] if row else 0

    def load(self, segment: str, *, start: int, end: int, exchanges: Sequence[Exchange]) -> int:
        with self.transaction():
            if self.offset(segment) != start:
                raise StaleState
            new = sum(self.insert(exchange) for exchange in exchanges)
            self.db.execute("INSERT OR REPLACE INTO offsets VALUES (?, ?)", (segment, end))
        return new

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def insert(self, exchange: Exchange) -> int:
        return self.db.execute("INSERT OR IGNORE INTO rows (id) VALUES (?)", (exchange.id,)).rowcount

    def ids(self) -> list[str]:
        return [row[0] for row in self.db.execute("SELECT id FROM rows ORDER BY seq")]

    def close(self) -> None:
        self.db.close()
