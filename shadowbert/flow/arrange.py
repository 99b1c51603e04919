"""What operators may do to tasks as such: rename, merge, split and pin them.

A version stays what it is, with its students and its evidence: only whose it is, and what that is called, may change.
Each command appends a verdict to every version that it concerns, and takes effect when the mirrors next look.
"""

import unicodedata
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from shadowbert.domain.ids import uuid7
from shadowbert.domain.policy import own_values
from shadowbert.domain.records import VersionRow
from shadowbert.errors import OperatorError
from shadowbert.flow.ledger import Work
from shadowbert.flow.lineage import NAME_CHARACTERS
from shadowbert.flow.lineages import speaker
from shadowbert.flow.named import by_id, named
from shadowbert.flow.operate import Operator, told
from shadowbert.flow.takeover import heir_of

UNTYPABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's categories of controls, halves of characters, and ends of lines and paragraphs."""
SHORTEST_PREFIX = 4


class LineagesPort(Protocol):
    def rename(self, task_id: str, name: str) -> None: ...
    def pin(self, task_id: str, *, pinned: bool) -> None: ...
    def merge(self, task_id: str, other_id: str) -> None: ...
    def split(self, task_id: str, version_ids: Sequence[str], *, new_id: str, name: str, at: float) -> None: ...


class ArrangeWork(Work, Protocol):
    @property
    def lineages(self) -> LineagesPort: ...


class ArrangeLedger(Protocol):
    def write(self) -> AbstractContextManager[ArrangeWork]: ...


@dataclass(frozen=True, slots=True)
class Arrange:
    """Every command returns the version that tells where the task stands, and raises UnknownTask or OperatorError."""

    ledger: ArrangeLedger
    clock: Callable[[], float]

    def rename(self, task: str, who: Operator, name: str) -> VersionRow:
        """Callers that go on naming the old one land in the task all the same."""
        with self.ledger.write() as work:
            mine, new = _whole(work, task), _fit(name)
            if new == mine[-1].task:
                raise OperatorError(f"task {new} is called so already")
            _refuse_taken(work, mine[-1].tenant, new)
            work.lineages.rename(mine[-1].task_id, new)
            return self._told(work, mine, who, f"Renamed from `{mine[-1].task}` to `{new}`")

    def merge(self, task: str, who: Operator, others: Sequence[str]) -> VersionRow:
        """The versions, candidates and names of the others become the task's.

        Candidate number j spends alpha / (j (j + 1)), so a task's numbers must be unique, and a number may only grow.
        The others' candidates are therefore numbered on after the task's own. That stays valid: what passes under the
        greater number would have passed under the smaller one, so the promise made to each of the tasks holds whatever
        the operator saw before; and the numbers being unique, the merged task's candidates may spend alpha together,
        where the tasks apart might have spent it each, unless it was their evidence by which the operator chose which
        task receives the others.
        """
        with self.ledger.write() as work:
            mine = _whole(work, task)
            found = {theirs[-1].task_id: theirs for theirs in (_whole(work, other) for other in others)}
            if not found:
                raise OperatorError(f"name the tasks that are to become part of {task}")
            for theirs in found.values():
                _refuse_foreign(mine[-1], theirs[-1])
                _refuse_other_rules(work, mine[-1], theirs[-1])
            _refuse_twins([mine, *found.values()])
            for theirs in found.values():
                work.lineages.merge(mine[-1].task_id, theirs[-1].task_id)
                self._told(work, theirs, who, f"Merged from `{theirs[-1].task}` into `{mine[-1].task}`")
            merged = ", ".join(f"`{theirs[-1].task}`" for theirs in found.values())
            self._told(work, mine, who, f"{merged} merged into `{mine[-1].task}`")
            return speaker(_versions(work, mine[-1].task_id))

    def split(self, task: str, who: Operator, versions: Sequence[str], name: str) -> VersionRow:
        """These versions, by id or the beginning of one, become a task of their own; their candidates keep their
        numbers, of which each task has none twice. What an operator replaced goes with the version in its place.
        """
        with self.ledger.write() as work:
            mine, new = _whole(work, task), _fit(name)
            known = {version.id: version for version in mine}
            named_ones = {_by_prefix(_current(mine), prefix).id for prefix in versions}
            leaving = {version.id for version in mine if heir_of(version, known).id in named_ones}
            if not leaving:
                raise OperatorError(f"name the versions of task {task} that are to be a task of their own")
            if len(leaving) == len(mine):
                raise OperatorError(f"no version of task {task} would stay; to call it {new}, rename it")
            _refuse_taken(work, mine[-1].tenant, new)
            work.lineages.split(mine[-1].task_id, sorted(leaving), new_id=uuid7(), name=new, at=self.clock())
            verb = f"Split off from `{mine[-1].task}` as `{new}`"
            self._told(work, [version for version in mine if version.id not in leaving], who, f"`{new}` split off")
            return self._told(work, [version for version in mine if version.id in leaving], who, verb)

    def pin(self, task: str, who: Operator) -> VersionRow:
        """No further version of it is founded by itself: calls that match none stay with the LLM."""
        return self._pin(task, who, pinned=True)

    def unpin(self, task: str, who: Operator) -> VersionRow:
        return self._pin(task, who, pinned=False)

    def _pin(self, task: str, who: Operator, *, pinned: bool) -> VersionRow:
        with self.ledger.write() as work:
            mine = _whole(work, task)
            if mine[-1].pinned is pinned:
                raise OperatorError(f"task {task} is {'pinned already' if pinned else 'not pinned'}")
            work.lineages.pin(mine[-1].task_id, pinned=pinned)
            return self._told(work, mine, who, "Pinned" if pinned else "Unpinned")

    def _told(self, work: Work, versions: Sequence[VersionRow], who: Operator, verb: str) -> VersionRow:
        return speaker([told(work, version, who, verb, at=self.clock()) for version in versions])


def _whole(work: ArrangeWork, task: str) -> list[VersionRow]:
    """All versions of the task that is meant, newest last."""
    return _versions(work, named(work.tasks, task)[-1].task_id)


def _versions(work: Work, task_id: str) -> list[VersionRow]:
    return [version for version in work.tasks.versions() if version.task_id == task_id]


def _fit(name: str) -> str:
    """A name as it will be kept. Raises OperatorError for what nobody could type or keep."""
    fit = name.strip()
    if not fit:
        raise OperatorError("a task needs a name")
    if len(fit) > NAME_CHARACTERS:
        raise OperatorError(f"a name has at most {NAME_CHARACTERS} characters, this one has {len(fit)}")
    if any(unicodedata.category(character) in UNTYPABLE for character in fit):
        raise OperatorError("a name is one line of text without control characters")
    return fit


def _refuse_taken(work: Work, tenant: str, name: str) -> None:
    if name in work.tasks.names(tenant):
        raise OperatorError(f"there is a task called {name} already; merging makes them one")


def _refuse_foreign(mine: VersionRow, theirs: VersionRow) -> None:
    if theirs.task_id == mine.task_id:
        raise OperatorError(f"task {mine.task} cannot be merged with itself")
    if theirs.tenant != mine.tenant:
        raise OperatorError(f"tenants share nothing: {mine.task} is of {mine.tenant}, {theirs.task} of {theirs.tenant}")


def _refuse_other_rules(work: Work, mine: VersionRow, theirs: VersionRow) -> None:
    """Evidence was gathered under the policy of its own task; nobody asked for another one by merging."""
    own, other = (own_values(work.policies.of_task(version.task_id)) for version in (mine, theirs))
    if differing := sorted(key for key in own.keys() | other.keys() if own.get(key) != other.get(key)):
        raise OperatorError(
            f"{mine.task} and {theirs.task} have policies of their own that differ in {', '.join(differing)}: make "
            f"them the same first (shadowbert policy {theirs.task})"
        )


def _refuse_twins(families: Sequence[Sequence[VersionRow]]) -> None:
    """Versions that only a caller's word for the task tells apart: in one task, one of them would get all the calls,
    and its student callers on whose calls nobody has judged it, or the other's callers none any more.
    """
    known: dict[Hashable, VersionRow] = {}
    for version in (version for family in families for version in _current(family)):
        stated = "" if version.contract.inferred else version.contract.hash
        twin = known.setdefault((version.teacher, stated, version.wording, version.skeleton.messages), version)
        if twin.task_id != version.task_id:
            raise OperatorError(
                f"version {twin.id} of task {twin.task} and version {version.id} of task {version.task} match the same "
                "calls, which only the task's name tells apart that callers give: as one task they could not be told "
                f"apart. Where they are one, let all callers name {twin.task}"
            )


def _current(versions: Sequence[VersionRow]) -> list[VersionRow]:
    return [version for version in versions if version.replaced_by is None]


def _by_prefix(versions: Sequence[VersionRow], prefix: str) -> VersionRow:
    if len(prefix) < SHORTEST_PREFIX:
        raise OperatorError(f"say at least {SHORTEST_PREFIX} characters of a version's id, not {prefix!r}")
    return by_id(versions, prefix)
