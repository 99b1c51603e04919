"""The web process's copy of the stage table: read from the store twice a second, so that the hot path never does."""

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from shadowbert.domain.task import StageTable
from shadowbert.errors import StoreError
from shadowbert.flow.ledger import Work

log = logging.getLogger(__name__)


class Readable(Protocol):
    def read(self) -> AbstractContextManager[Work]: ...


class Loader(Protocol):
    """The serving engine, as far as the mirror keeps it supplied."""

    def load(self, student_id: str, path: Path) -> object: ...
    def unload(self, student_id: str) -> object: ...
    def loaded(self) -> frozenset[str]: ...
    def failures(self) -> object: ...


class StageMirror:
    """`refresh` does I/O and belongs on a thread; `table` and `age` are what the hot path asks."""

    def __init__(
        self,
        ledger: Readable,
        loader: Loader,
        *,
        audit_rate: float,
        home: Path = Path(),
        silence: Callable[[], float] = lambda: 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Artifacts lie under `home`. `silence`: seconds since this host's journal was last emptied into the store."""
        self._ledger, self._loader = ledger, loader
        self._audit_rate, self._home = audit_rate, home
        self._clock, self._silence = clock, silence
        self._table = StageTable((), -1, None)
        self._asked: set[str] = set()
        self._seen_at: float | None = None
        self._journal_age = 0.0

    def table(self) -> StageTable:
        return self._table

    def age(self) -> float:
        """Seconds since what we serve by and what we journal were last known to be in the store; at first infinite."""
        return float("inf") if self._seen_at is None else self._clock() - self._seen_at + self._journal_age

    def refresh(self) -> None:
        """Look at the store once. A store that cannot be read leaves the last table standing, and ageing."""
        started = self._clock()
        try:
            with self._ledger.read() as work:
                looked_at = work.mirror.gate_looked_at()
                if work.mirror.revision() != self._table.revision:
                    self._table = work.mirror.table(audit_rate=self._audit_rate)
                    self._supply()
                elif looked_at != self._table.gate_looked_at:
                    self._table = StageTable(self._table.versions, self._table.revision, looked_at)
        except StoreError as error:
            log.warning("the stage mirror could not be refreshed: %s", error)
            return
        self._seen_at, self._journal_age = started, self._silence()

    def _supply(self) -> None:
        """Have the champions of serving versions loaded, and no others."""
        wanted = {v.champion.student_id: v.champion.artifact for v in self._table.versions if v.champion}
        for student_id in self._asked - set(wanted):
            self._loader.unload(student_id)
        for student_id in set(wanted) - self._asked:
            self._loader.load(student_id, self._home / wanted[student_id])
        self._asked = set(wanted)
