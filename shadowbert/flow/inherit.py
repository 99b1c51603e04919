"""What operators may do with an earlier version's examples: see what they would bring, carry them over, give them up.

The new version's students are taught them; evidence stays what the new version's own calls say. Whether labels moved
in between is the operator's word, or that of a check whose answers somebody else has fetched.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shadowbert.curation.carry import carry, evenly, lost, objection
from shadowbert.domain.evidence import Move, Ruling, Verdict
from shadowbert.domain.records import ExampleRow, Inherited, VersionRow
from shadowbert.errors import OperatorError
from shadowbert.flow.carryover import UNMOVED, Comparison, Questions, Replied, compare, least, questions
from shadowbert.flow.ledger import Ledger, Work
from shadowbert.flow.named import by_id, in_force, named
from shadowbert.flow.operate import Operator, noted, sentence
from shadowbert.flow.taught import examples_of, inherited, inherited_of, legacies

SHOWN_MOVES = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """What one version would take over from another. The counts are of distinct inputs."""

    task: str
    version: str
    source: str
    inherits: tuple[Inherited, ...]
    """Of the version, afterwards: what the source inherited itself comes along."""
    examples: int
    """Inputs that it has no label for so far."""
    known: int
    """What it has without them, its own and inherited before."""
    fields: tuple[str, ...]
    lost: Mapping[str, Mapping[str, int]]
    """By field and label: examples of the source whose label is none any more."""
    changes: tuple[str, ...]
    """What is not the same in the two versions, in words."""

    def to_json(self) -> dict[str, object]:
        return {
            "task": self.task,
            "version": self.version,
            "from": self.source,
            "examples": self.examples,
            "known": self.known,
            "fields": list(self.fields),
            "lost": {name: dict(labels) for name, labels in self.lost.items()},
            "changes": list(self.changes),
        }


@dataclass(frozen=True, slots=True)
class Choice:
    """Which version of a task is to inherit from which; empty: the newest, from the earlier one that has most."""

    version: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """What is to be asked before labels are carried over."""

    plan: Plan
    questions: Questions


@dataclass(frozen=True, slots=True)
class Judgement:
    version: VersionRow
    """As it is now."""
    plan: Plan
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Inherit:
    """Every command raises UnknownTask, or OperatorError with the reason why nothing can be carried over."""

    ledger: Ledger
    clock: Callable[[], float]

    def plan(self, task: str, choice: Choice) -> Plan:
        with self.ledger.read() as work:
            return _plan(work, *_pair(work, task, choice))

    def offers(self, task: str) -> dict[str, tuple[str, int]]:
        """By version: an earlier one with more examples, and how many of them it could take over."""
        with self.ledger.read() as work:
            versions = _present(work, task)
            found = {version.id: _offer(work, version, versions) for version in versions if not version.replaced_by}
        return {version_id: offer for version_id, offer in found.items() if offer}

    def allow(self, task: str, who: Operator, choice: Choice) -> VersionRow:
        """Carry over: on the operator's word, labels did not move."""
        with self.ledger.write() as work:
            version, source = _pair(work, task, choice)
            plan = _plan(work, version, source)
            said = sentence(f"{plan.examples} examples of version {source.id} carried over", who)
            work.tasks.set_inherits(version.id, plan.inherits)
            numbers = {"examples": float(plan.examples)}
            return noted(
                work, version, who, Verdict(Ruling.INCONCLUSIVE, Move.STEP, said, numbers=numbers), at=self.clock()
            )

    def give_up(self, task: str, who: Operator, choice: Choice) -> VersionRow:
        """Inherit nothing any more. Students that were taught it stay, and it never becomes evidence for them."""
        with self.ledger.write() as work:
            version = _version(work, task, _present(work, task), choice.version)
            if not version.inherits:
                raise OperatorError(f"version {version.id} of task {task} inherits nothing")
            said = sentence(f"{inherited_of(work, version)} inherited examples given up", who)
            work.tasks.set_inherits(version.id, ())
            return noted(work, version, who, Verdict(Ruling.INCONCLUSIVE, Move.STEP, said), at=self.clock())

    def check(self, task: str, choice: Choice, count: int) -> Check:
        """The old inputs to ask again. Raises OperatorError where there are too few to show anything."""
        if count < least():
            raise OperatorError(f"a check of {count} inputs cannot pass: it takes at least {least()}")
        with self.ledger.read() as work:
            version, source = _pair(work, task, choice)
            plan = _plan(work, version, source)
            examples: Sequence[ExampleRow] = inherited(work, version, plan.inherits, known=set())
            asked = questions(work, version, evenly(examples), count)
        if len(asked.every) < least():
            had = f"only {len(asked.every)} of {len(examples)} old inputs can be put into the version's own request"
            raise OperatorError(f"{had}; a check takes at least {least()}")
        return Check(plan, asked)

    def judge(self, check: Check, replies: Sequence[Replied | None], who: Operator) -> Judgement:
        """Carry over if labels did not move; the verdict holds the counts either way."""
        with self.ledger.write() as work:
            choice = Choice(check.plan.version, check.plan.source)
            version, source = _pair(work, check.plan.task, choice)
            plan = _plan(work, version, source)
            found = compare(version.contract, check.questions, replies)
            if found.passed:
                work.tasks.set_inherits(version.id, plan.inherits)
            return Judgement(noted(work, version, who, _verdict(plan, found, who), at=self.clock()), plan, found)


def _verdict(plan: Plan, found: Comparison, who: Operator) -> Verdict:
    counted = f"{found.equal} of {found.rows} labels of version {plan.source} did not move (at least {found.bound:.1%})"
    moves = [f"{name} {old} → {new} {n} times" for (name, old, new), n in [*found.moved.items()][:SHOWN_MOVES]]
    unfit = [f"{n} {reason.replace('_', ' ')}" for reason, n in found.unfit.items()]
    details = f" Moved: {'; '.join(moves + unfit)}." if moves or unfit else ""
    what = f"{plan.examples} examples carried over" if found.passed else "Nothing carried over"
    numbers = {
        "equal": float(found.equal),
        "rows": float(found.rows),
        "bound": found.bound,
        "unfit": float(sum(found.unfit.values())),
        "unanswered": float(found.unanswered),
        "examples": float(plan.examples if found.passed else 0),
    }
    said = sentence(f"{what} after a check", who)
    missing = "" if found.passed else f"labels of which at least {UNMOVED:.0%} did not move"
    ruling = Ruling.PASS if found.passed else Ruling.FAIL
    return Verdict(ruling, Move.STEP, f"{said} {counted}.{details}", missing=missing, numbers=numbers)


def _offer(work: Work, version: VersionRow, versions: Sequence[VersionRow]) -> tuple[str, int] | None:
    best = _best(work, version, versions)
    if best is None or objection(best, version) is not None:
        return None
    if examples_of(work, best) <= examples_of(work, version):
        return None
    gain = _gain(work, version, _joined(version, best, work.exchanges.last_seq()))
    return (best.id, gain) if gain else None


def _plan(work: Work, version: VersionRow, source: VersionRow) -> Plan:
    if why := objection(source, version):
        raise OperatorError(f"version {version.id} cannot take over examples of version {source.id}: {why}")
    inherits = _joined(version, source, work.exchanges.last_seq())
    gain, gone_labels = _gain(work, version, inherits), _lost(work, version, source)
    if not gain:
        gone = "; their labels are none any more" if gone_labels else ""
        raise OperatorError(f"version {source.id} has no example that version {version.id} does not know{gone}")
    return Plan(
        task=version.task,
        version=version.id,
        source=source.id,
        inherits=inherits,
        examples=gain,
        known=examples_of(work, version),
        fields=tuple(field.name for field in version.contract.fields),
        lost=gone_labels,
        changes=_changes(source, version),
    )


def _gain(work: Work, version: VersionRow, inherits: Sequence[Inherited]) -> int:
    return work.calls.examples(version.id, legacies(work, version, inherits)) - examples_of(work, version)


def _joined(version: VersionRow, source: VersionRow, until_seq: int) -> tuple[Inherited, ...]:
    """The source first, then what it inherited itself, then what the version had already."""
    until = {source.id: until_seq}
    for kept in (*source.inherits, *version.inherits):
        if kept.version_id != version.id:
            until[kept.version_id] = max(kept.until_seq, until.get(kept.version_id, 0))
    return tuple(Inherited(version_id, seq) for version_id, seq in until.items())


def _lost(work: Work, version: VersionRow, source: VersionRow) -> dict[str, dict[str, int]]:
    how = carry(source.contract, version.contract)
    answers = {row.input_hash: row.answer for row in work.calls.labelled(source.id) if row.answer}
    return lost(source.contract, how, answers.values()) if how else {}


def _changes(old: VersionRow, new: VersionRow) -> tuple[str, ...]:
    said = {
        f"teacher {old.teacher} → {new.teacher}": old.teacher != new.teacher,
        "the prompt": old.skeleton != new.skeleton,
        "the wording of the answer's schema": old.wording != new.wording,
        "the answers that are allowed": old.contract.hash != new.contract.hash,
    }
    return tuple(words for words, differs in said.items() if differs)


def _present(work: Work, task: str) -> list[VersionRow]:
    """The task's versions, newest last."""
    task_id = named(work.tasks, task)[-1].task_id
    return [version for version in work.tasks.versions() if version.task_id == task_id]


def _pair(work: Work, task: str, choice: Choice) -> tuple[VersionRow, VersionRow]:
    """The version that inherits and the one that it inherits from."""
    versions = _present(work, task)
    version = _version(work, task, versions, choice.version)
    if choice.source:
        source = by_id(versions, choice.source)
    else:
        best = _best(work, version, versions)
        if best is None:
            raise OperatorError(f"task {task} has no version before {version.id} to inherit from")
        source = best
    if source.id == version.id:
        raise OperatorError(f"version {version.id} cannot inherit from itself")
    return version, source


def _best(work: Work, version: VersionRow, versions: Sequence[VersionRow]) -> VersionRow | None:
    """The earlier version that has most examples, of those whose examples fit; of all where none does."""
    earlier = [v for v in versions if (v.created_at, v.id) < (version.created_at, version.id)]
    fitting = [v for v in earlier if objection(v, version) is None]
    return max(fitting or earlier, key=lambda v: (examples_of(work, v), v.created_at, v.id), default=None)


def _version(work: Work, task: str, versions: Sequence[VersionRow], wanted: str) -> VersionRow:
    """One that can be taught: what an operator has replaced gets no student any more."""
    version = by_id(versions, wanted) if wanted else in_force(work.tasks, task)[-1]
    if version.replaced_by:
        raise OperatorError(f"version {version.id} of task {task} was replaced: version {version.replaced_by} is there")
    return version
