"""What a report needs from the store beyond what the stations do, as Protocols."""

from contextlib import AbstractContextManager
from typing import Protocol

from shadowbert.domain.route import Source
from shadowbert.flow.history import VerdictsPort
from shadowbert.flow.ledger import TasksPort, Work
from shadowbert.flow.unrecognised import CountsPort


class TrafficLike(Protocol):
    @property
    def student(self) -> int: ...
    @property
    def llm(self) -> int: ...
    @property
    def reasons(self) -> dict[str, int]: ...


class ReportsPort(CountsPort, Protocol):
    def traffic(self, version_id: str, *, after: int = 0) -> TrafficLike: ...
    def recognised(self, version_id: str) -> int: ...
    def latencies(self, version_id: str, source: Source, *, limit: int = 500) -> list[float]: ...
    def unfit(self, version_id: str) -> dict[str, int]: ...
    def agreements(self, candidate_id: str) -> list[bool]: ...


class StoriedTasks(TasksPort, VerdictsPort, Protocol):
    """Tasks with what became of them."""


class ReportWork(Work, Protocol):
    @property
    def reports(self) -> ReportsPort: ...
    @property
    def tasks(self) -> StoriedTasks: ...


class ReportLedger(Protocol):
    def read(self) -> AbstractContextManager[ReportWork]: ...
