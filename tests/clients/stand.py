"""The server under test: the real answer path on a real port, before a simulated upstream.

It is taught by what clients really send: their calls go through the journal, the loader and collect, which find the
versions; then a student that contradicts the teacher is put in charge of each. Only the student is no real model.
"""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shadowbert.domain.exchange import Exchange
from shadowbert.domain.records import VersionRow
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.collect import Collect
from shadowbert.flow.journal import SegmentJournal
from shadowbert.flow.load import Loader
from shadowbert.flow.operate import Operate, Operator
from shadowbert.store.store import Store, StoreSink
from shadowbert.testing.house import House
from shadowbert.testing.lineage import Lineage
from shadowbert.testing.serving import serving_upstream
from shadowbert.testing.simulated import SimulatedUpstream, Simulation
from tests.clients.mind import Contrarian, speaker, teacher


@dataclass
class Stand:
    """`url` ends where a version root or an Azure path begins."""

    house: House
    store: Store
    journal_dir: Path
    student: Contrarian = field(default_factory=Contrarian)
    _read: int = 0

    @property
    def url(self) -> str:
        return self.house.url

    @property
    def rows(self) -> Sequence[Exchange]:
        return self.house.journal.rows

    def row(self, number: int) -> list[Exchange]:
        """The exchanges that a call with this number took; more than one where the library asked again."""
        mark = re.compile(rb"\b%d\b" % number)
        return [row for row in self.rows if mark.search(row.request_body or b"")]

    def cut_over(self) -> list[VersionRow]:
        """Find versions in what has been logged since, and let the student answer all of them."""
        self._load()
        versions = self._found()
        self._confirm({version.task for version in versions if not version.confirmed})
        for version in versions:
            if version.stage is Stage.COLLECTING:
                self._enthrone(version)
        with self.store.read() as work:
            self.house.stages.show(*work.mirror.table(audit_rate=0.0).versions)
        return versions

    def _load(self) -> None:
        fresh, self._read = self.rows[self._read :], len(self.rows)
        with SegmentJournal(self.journal_dir) as journal:
            for row in fresh:
                journal.append(row)
        Loader(self.journal_dir, StoreSink(self.store)).step()

    def _found(self) -> list[VersionRow]:
        """Until a step finds nothing more: a group of calls may hold several templates."""
        collect, known = Collect(self.store, time.time), -1
        while True:
            read = collect.step()
            with self.store.read() as work:
                versions = work.tasks.versions()
            if not read and len(versions) == known:
                return versions
            known = len(versions)

    def _confirm(self, tasks: set[str]) -> None:
        """What contracts that nobody stated wait for."""
        operate = Operate(self.store, Policy(), time.time)
        for task in tasks:
            operate.confirm(task, Operator("a test"))

    def _enthrone(self, version: VersionRow) -> None:
        line = Lineage(self.store, version.id)
        student = line.student()
        self.student.contracts[student.id] = version.contract
        line.move(Stage.LIVE, share=1.0, candidate=line.candidate(student))


@contextmanager
def standing(folder: Path, *, pause_ms: float = 0.0) -> Iterator[Stand]:
    """Started, in teacher mode: until `cut_over` everything is relayed. The teacher pauses between a reply's pieces."""
    store = Store(f"sqlite:///{folder / 'shadowbert.db'}")
    store.upgrade()
    upstream = SimulatedUpstream(teacher, Simulation(median_ms=0.5, sigma=0.01, pause_ms=pause_ms), speaker=speaker)
    student = Contrarian()
    with serving_upstream(upstream.app()) as url:
        house = House(url, student=student)  # type: ignore[arg-type] # the port is all the house needs
        with closing(store), house.open():
            yield Stand(house, store, folder / "journal", student)
