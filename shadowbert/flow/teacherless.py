"""What operators may do with a student that nobody checks: let it go on, stop it, or make ready for another teacher.

Whom a call asks is the client's word, which is never rewritten: another teacher is a version of its own, for the calls
that name it, and learns from the examples of the old one. Judges nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf, nextafter

from shadowbert.curation.carry import objection
from shadowbert.domain.evidence import Move, Ruling, Transition, Verdict
from shadowbert.domain.ids import uuid7
from shadowbert.domain.records import VersionRow
from shadowbert.domain.task import Policy, Stage
from shadowbert.errors import OperatorError
from shadowbert.flow.inherit import Choice, Inherit
from shadowbert.flow.ledger import Ledger, Work
from shadowbert.flow.lineages import speaker
from shadowbert.flow.named import in_force
from shadowbert.flow.operate import ASKED, Operate, Operator, sentence, told
from shadowbert.flow.rule import rule
from shadowbert.flow.taught import examples_of, inherited_of
from shadowbert.flow.unchecked import Unchecked, unchecked_of


@dataclass(frozen=True, slots=True)
class Succession:
    """The version that calls of another teacher will match, and what it has from the one before."""

    version: VersionRow
    source: VersionRow
    examples: int
    """Inputs that only the older version has labels on."""
    founded: bool
    """It was not there before: callers have not named that teacher yet, or not often enough."""


@dataclass(frozen=True, slots=True)
class Teacherless:
    """Every command raises UnknownTask, or OperatorError with the reason why there is nothing to be done."""

    ledger: Ledger
    policy: Policy
    clock: Callable[[], float]

    def standing(self, task: str) -> list[tuple[VersionRow, Unchecked]]:
        """The versions that nobody checks."""
        with self.ledger.read() as work:
            versions = in_force(work.tasks, task)
            policy = rule(work, versions[-1].task_id, self.policy)
            found = [(version, unchecked_of(work, version, policy)) for version in versions]
        return [(version, known) for version, known in found if known is not None]

    def freeze(self, task: str, who: Operator) -> VersionRow:
        """Let it go on answering without audits until the LLM answers again, or somebody stops it."""
        with self.ledger.write() as work:
            unaudited = _unaudited(in_force(work.tasks, task))
            if not unaudited:
                raise OperatorError(f"the answers of task {task} are checked: there is nothing to freeze")
            others = [version for version in unaudited if not version.frozen]
            if not others:
                raise OperatorError(f"task {task} is frozen already")
            return [self._frozen(work, version, who) for version in others][-1]

    def _frozen(self, work: Work, version: VersionRow, who: Operator) -> VersionRow:
        said = f"{sentence('Frozen', who)} It serves on though nobody checks it, until the LLM answers again."
        to = replace(version.stay(by=who.name, why=who.why or ASKED, at=self.clock()), frozen=True)
        return work.tasks.move(version, Verdict(Ruling.INCONCLUSIVE, Move.STEP, said), to)

    def stop(self, task: str, who: Operator) -> VersionRow:
        """Back to the LLM now; the rest of the task goes on."""
        return Operate(self.ledger, self.policy, self.clock).rollback(task, who, only_unaudited=True)

    def succeed(self, task: str, who: Operator, model: str) -> Succession:
        """Make ready for calls that name another model: they match a version that inherits the examples.

        `model`: as callers will name it, at the same upstream; `@UPSTREAM/MODEL` for one at another.
        """
        with self.ledger.write() as work:
            versions = in_force(work.tasks, task)
            source = (_unaudited(versions) or [speaker(versions)])[-1]
            teacher = _teacher(model, source)
            if teacher == source.teacher:
                raise OperatorError(f"{teacher} is the teacher of task {task} already: name another model")
            if not examples_of(work, source):
                raise OperatorError(
                    f"task {task} has no examples: calls of another model found a version by themselves"
                )
            known = _heir(versions, source, teacher)
            heir = known or self._found(work, versions, replace(source, teacher=teacher), who)
            if known is None:
                told(work, source, who, f"Version {heir.id} made ready for calls that name {teacher}", at=self.clock())
        if not any(kept.version_id == source.id for kept in heir.inherits):
            heir = Inherit(self.ledger, self.clock).allow(task, who, Choice(heir.id, source.id))
        with self.ledger.read() as work:
            return Succession(heir, source, inherited_of(work, heir), founded=known is None)

    def _found(self, work: Work, versions: Sequence[VersionRow], like: VersionRow, who: Operator) -> VersionRow:
        """The same version of another teacher: how that one writes and signs is yet to be seen."""
        at = max(self.clock(), nextafter(versions[-1].created_at, inf))  # the newest of all, whatever the clock says
        known = like.anew(uuid7(), seq=work.exchanges.last_seq(), at=at)
        new = replace(known, reply_model=None, manners={})
        work.tasks.found(new)
        said = sentence(f"Founded for calls that name {new.teacher}", who)
        to = Transition(Stage.COLLECTING, 0.0, None, by=who.name, why=who.why or ASKED, at=self.clock())
        return work.tasks.move(new, Verdict(Ruling.INCONCLUSIVE, Move.STEP, said), to)


def _unaudited(versions: Sequence[VersionRow]) -> list[VersionRow]:
    return [version for version in versions if version.unaudited is not None]


def _teacher(model: str, source: VersionRow) -> str:
    """As a request's teacher is named, see `Request.teacher`."""
    wanted = model.strip()
    if not wanted:
        raise OperatorError("name the model that the clients will ask")
    if wanted.startswith("@"):
        return wanted
    upstream, slash, _ = source.teacher.partition("/") if source.teacher.startswith("@") else ("", "", "")
    return f"{upstream}{slash}{wanted}"


def _heir(versions: Sequence[VersionRow], source: VersionRow, teacher: str) -> VersionRow | None:
    """The newest version of that teacher whose students would read what the source's did."""
    fitting = [v for v in versions if v.teacher == teacher and v.id != source.id and objection(source, v) is None]
    return fitting[-1] if fitting else None
