"""What operators may change of a task's policy, live; each change is a row, and a verdict in the history."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from shadowbert.domain.evidence import Move, Ruling, Transition, Verdict
from shadowbert.domain.policy import KEYS, PolicyChange, Value, effective, latest
from shadowbert.domain.records import CandidateRow, VersionRow
from shadowbert.domain.task import Policy, Stage
from shadowbert.errors import OperatorError
from shadowbert.flow.candidates import enter
from shadowbert.flow.evidence import stand
from shadowbert.flow.foresee import Foresight, foresee
from shadowbert.flow.keys import in_words, read
from shadowbert.flow.ledger import Ledger, Work
from shadowbert.flow.named import in_force, named
from shadowbert.flow.operate import ASKED, Operator, noted, sentence
from shadowbert.flow.settle import Plan, plan


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of a task's policy and where it comes from."""

    key: str
    words: str
    default: str
    change: PolicyChange | None
    """Who set it; None where nobody did, or somebody took it back."""

    @property
    def text(self) -> str:
        """What would have to be typed for it; empty for the default."""
        value = self.change.value if self.change else None
        if isinstance(value, tuple):
            return "\n".join(value)
        return self.words if isinstance(value, bool) else "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Govern:
    """Raises UnknownTask, OperatorError for what cannot be done now, and UnfitValue for what can never be."""

    ledger: Ledger
    policy: Policy
    """The default."""
    clock: Callable[[], float]

    def standing(self, task: str) -> list[Setting]:
        """Every value as it is in force."""
        with self.ledger.read() as work:
            changes = work.policies.of_task(named(work.tasks, task)[-1].task_id)
        now, own = effective(self.policy, changes), latest(changes)
        set_ = {key: change for key, change in own.items() if change.value is not None}
        return [Setting(key, in_words(key, now), in_words(key, self.policy), set_.get(key)) for key in KEYS]

    def foresee(self, task: str, wanted: Mapping[str, object]) -> list[Foresight]:
        """What each version would come to, oldest first; nothing is changed. None stands for the default."""
        with self.ledger.read() as work:
            versions = in_force(work.tasks, task)
            values, before, after = self._read(work, versions, wanted)
            return [foresee(work, v, plan(work, v, before, after), after, [*values]) for v in versions]

    def change(self, task: str, who: Operator, wanted: Mapping[str, object]) -> VersionRow:
        """In force with the mirrors' and the worker's next look. None stands for the default."""
        with self.ledger.write() as work:
            versions = in_force(work.tasks, task)
            values, before, after = self._read(work, versions, wanted)
            task_id, at = versions[-1].task_id, self.clock()
            if not values:
                raise OperatorError(f"task {task}: nothing would change")
            plans = [(version, plan(work, version, before, after)) for version in versions]
            work.policies.add([PolicyChange(task_id, k, value, who.name, who.why, at) for k, value in values.items()])
            told = "; ".join(f"{key} {in_words(key, after)}, was {in_words(key, before)}" for key in values)
            settling = _Settling(work, after, who, sentence(f"Policy changed ({told})", who), at)
            return [settling.carry_out(version, settled) for version, settled in plans][-1]

    def _read(
        self, work: Work, versions: Sequence[VersionRow], wanted: Mapping[str, object]
    ) -> tuple[dict[str, Value | None], Policy, Policy]:
        """What would change, and the policies before and after."""
        task_id = versions[-1].task_id
        changes = work.policies.of_task(task_id)
        own = latest(changes)
        said = read(wanted, [version.contract for version in versions])
        values = {key: value for key, value in said.items() if value != (own[key].value if key in own else None)}
        new = [PolicyChange(task_id, key, value, "", "", 0.0) for key, value in values.items()]
        before, after = effective(self.policy, changes), effective(self.policy, [*changes, *new])
        entered = work.candidates.next_number(task_id) - 1
        if entered and after.alpha > before.alpha:
            raise OperatorError(
                f"alpha may not be raised any more: {entered} candidate{'s have' if entered > 1 else ' has'} entered "
                f"evidence at {in_words('alpha', before)} and spent a part of that; it may be lowered"
            )
        return values, before, after


@dataclass(frozen=True, slots=True)
class _Settling:
    """A plan at the moment of its being carried out."""

    work: Work
    policy: Policy
    who: Operator
    said: str
    at: float

    def carry_out(self, version: VersionRow, settled: Plan) -> VersionRow:
        """One verdict and one compare-and-swap, whatever it moves."""
        before = self.work.candidates.get(version.candidate_id or "")
        for candidate in settled.retired:
            self.work.candidates.retire(candidate.id, self.said)
        champion = None
        for entry in settled.entries:
            entered = enter(
                self.work, entry.student, version, entry.served, at=self.at, expected_coverage=entry.coverage
            )
            champion = entered if entry.champion else champion
        if settled.falls and before is not None:
            return self._taken_down(version, before)
        if champion is not None:
            return self._narrowed(version, champion)
        return noted(self.work, version, self.who, Verdict(Ruling.INCONCLUSIVE, Move.STEP, self.said), at=self.at)

    def _taken_down(self, version: VersionRow, champion: CandidateRow) -> VersionRow:
        """It fell below nothing: it is not yet shown to be above, so its evidence stays and may still pass."""
        verdict = stand(self.work, version, champion, self.policy).verdict
        reason = f"{self.said} {verdict.reason}"
        down = Verdict(Ruling.INCONCLUSIVE, Move.DEMOTE, reason, missing=verdict.missing, numbers=verdict.numbers)
        to = Transition(Stage.SHADOW, 0.0, None, by=self.who.name, why=self.who.why or ASKED, at=self.at)
        return self.work.tasks.move(version, down, to)

    def _narrowed(self, version: VersionRow, champion: CandidateRow) -> VersionRow:
        """An operator's word lets the rest go on serving; nobody has judged it apart from what was taken away."""
        said = f"{self.said} The rest is served on; the gate has not judged it by itself yet."
        verdict = Verdict(Ruling.INCONCLUSIVE, Move.STEP, said)
        stays = version.stay(by=self.who.name, why=self.who.why or ASKED, at=self.at)
        return self.work.tasks.move(version, verdict, replace(stays, candidate_id=champion.id, forced=True))
