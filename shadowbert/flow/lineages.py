"""What people see of tasks as such: one line a task, whatever its versions; and what tenants should know of them all.

Reads and counts; decides nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol, TypeVar

from shadowbert.domain.contract import Contract, spelled_path
from shadowbert.domain.records import VersionRow
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.found import FULL
from shadowbert.flow.ledger import Work


class VersionLike(Protocol):
    @property
    def stage(self) -> Stage: ...
    @property
    def replaced_by(self) -> str | None: ...


V = TypeVar("V", bound=VersionLike)


class AnsweredLike(Protocol):
    @property
    def student(self) -> int: ...
    @property
    def llm(self) -> int: ...


class AnsweredPort(Protocol):
    def traffic(self, version_id: str, *, after: int = 0) -> AnsweredLike: ...
    def recognised(self, version_id: str) -> int: ...


class AnsweredWork(Work, Protocol):
    @property
    def reports(self) -> AnsweredPort: ...


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One task. Its state is that of the version that serves, else of the newest."""

    task: str
    tenant: str
    former: tuple[str, ...]
    pinned: bool
    stage: Stage
    share: float
    forced: bool
    held: bool
    versions: int
    teachers: tuple[str, ...]
    """Of all its versions, the newest first."""
    contract: Contract
    confirmed: bool
    calls: int
    """All that are its versions' calls now: with those that came before it was found, and those that taught nothing."""
    by_student: int
    """Of the calls that it was known to be asked by when they came."""
    by_llm: int
    unaudited: bool = False
    frozen: bool = False
    alarms_off: bool = False

    @property
    def fields(self) -> dict[str, int]:
        """How many labels each part of the answer may have; those of one list are counted together."""
        parts = groupby(self.contract.fields, key=lambda field: field.output)
        sizes = {spelled_path(output): [len(field.labels) for field in fields] for output, fields in parts}
        return {name: labels[0] if len(labels) == 1 else len(labels) for name, labels in sizes.items()}

    @property
    def parts(self) -> int:
        """Of the answer, whether a student can say them or not."""
        return len(self.fields) + len(self.contract.unlearnable)


def lineages(work: AnsweredWork) -> list[TaskLine]:
    """The oldest task first."""
    versions = work.tasks.versions()
    by_task = {version.task_id: [v for v in versions if v.task_id == version.task_id] for version in versions}
    return [_line(work, mine) for mine in by_task.values()]


def _line(work: AnsweredWork, versions: Sequence[VersionRow]) -> TaskLine:
    shown = speaker(versions)
    traffic = [work.reports.traffic(version.id) for version in versions]
    return TaskLine(
        task=shown.task,
        tenant=shown.tenant,
        former=shown.former,
        pinned=shown.pinned,
        stage=shown.stage,
        share=shown.share,
        forced=shown.forced,
        held=shown.held,
        alarms_off=shown.alarms_off,
        versions=len(versions),
        teachers=tuple(dict.fromkeys(version.teacher for version in reversed(versions))),
        contract=shown.contract,
        confirmed=shown.confirmed,
        calls=sum(work.reports.recognised(version.id) for version in versions),
        by_student=sum(answered.student for answered in traffic),
        by_llm=sum(answered.llm for answered in traffic),
        unaudited=shown.unaudited is not None,
        frozen=shown.frozen,
    )


def speaker(versions: Sequence[V]) -> V:
    """Of a task's versions, newest last, the one that tells where the task stands: what serves, else the newest."""
    present = [version for version in versions if version.replaced_by is None] or versions
    serving = [version for version in present if version.stage.serves]
    return (serving or present)[-1]


def notices(work: Work, policy: Policy) -> list[str]:
    """What is no fault, but should be known: that no further task is found, for as long as it is so."""
    note = work.marks.note(FULL)
    tenants = [tenant for _, tenant in {(version.task_id, version.tenant) for version in work.tasks.versions()}]
    full = any(tenants.count(tenant) >= policy.max_tasks for tenant in tenants)
    return [f"{note} (policy.max_tasks is {policy.max_tasks})"] if note and full else []
