"""The store: one door to the database. Everything happens inside `read()` or `write()` transactions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from shadowbert.domain.exchange import Exchange
from shadowbert.store import schema
from shadowbert.store.alerts import Alerts
from shadowbert.store.calls import Calls
from shadowbert.store.corrections import Corrections
from shadowbert.store.draws import Draws
from shadowbert.store.engine import open_engine, reading, writing
from shadowbert.store.exchanges import Exchanges
from shadowbert.store.jobs import Jobs, Leases, Marks
from shadowbert.store.lineages import Lineages
from shadowbert.store.mirror import Mirror
from shadowbert.store.policies import Policies
from shadowbert.store.probes import Probes
from shadowbert.store.reports import Reports
from shadowbert.store.students import Candidates, Predictions, Students
from shadowbert.store.tasks import Tasks


class Transaction:
    """The repositories on one connection: what is done through them is committed together or not at all."""

    def __init__(self, connection: Connection) -> None:
        self.exchanges = Exchanges(connection)
        self.tasks = Tasks(connection)
        self.lineages = Lineages(connection)
        self.calls = Calls(connection)
        self.corrections = Corrections(connection)
        self.draws = Draws(connection)
        self.students = Students(connection)
        self.candidates = Candidates(connection)
        self.predictions = Predictions(connection)
        self.jobs = Jobs(connection)
        self.leases = Leases(connection)
        self.marks = Marks(connection)
        self.policies = Policies(connection)
        self.probes = Probes(connection)
        self.alerts = Alerts(connection)
        self.mirror = Mirror(connection)
        self.reports = Reports(connection)


class Store:
    """Thread-safe; each transaction has its own connection."""

    def __init__(self, url: str, *, durable: bool = False) -> None:
        self._engine: Engine = open_engine(url, durable=durable)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A consistent view. Raises StoreError when the database cannot be reached."""
        with reading(self._engine) as connection:
            yield Transaction(connection)

    @contextmanager
    def write(self, *, alone: bool = True) -> Iterator[Transaction]:
        """Commits at the end, rolls back when the block raises. Raises StoreError. One writes at a time, whatever the
        database, unless not `alone`: what a block has read is still so when it writes.
        """
        with writing(self._engine, alone=alone) as connection:
            yield Transaction(connection)

    def upgrade(self) -> str:
        """Bring the schema to this program's revision. Returns it. Raises SchemaOutdated when it is at a newer one."""
        return schema.upgrade(self._engine)

    def check(self) -> None:
        """Raises SchemaOutdated with the command to type when the schema is at another revision."""
        schema.check(self._engine)

    def close(self) -> None:
        self._engine.dispose()


class StoreSink:
    """The loader's ExchangeSink on a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def offset(self, segment: str) -> int:
        with self._store.read() as tx:
            return tx.exchanges.offset(segment)

    def load(self, segment: str, *, start: int, end: int, exchanges: Sequence[Exchange]) -> int:
        with self._store.write(alone=False) as tx:  # loaders take turns by themselves, and touch nobody else's rows
            return tx.exchanges.load(segment, start=start, end=end, batch=exchanges)
