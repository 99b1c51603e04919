"""What operators may do to a task: cut over, roll back, pause, resume, retrain, switch off.

Each is one compare-and-swap a version with one verdict that names who and why; it takes effect when the mirrors next
look. A command means the task: what stops or resumes reaches all of its versions, for any of them may be serving.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from shadowbert.curation.learnable import nothing_to_tell
from shadowbert.domain.contract import Fill
from shadowbert.domain.evidence import Counts, Move, Ruling, Transition, Verdict
from shadowbert.domain.records import StudentRow, TrainingJob, VersionRow
from shadowbert.domain.student import Slice
from shadowbert.domain.task import Policy, Stage
from shadowbert.errors import CutoverRefused, OperatorError
from shadowbert.flow.candidates import enter, retire_and_reenter
from shadowbert.flow.challenge import REPLACED, successor
from shadowbert.flow.evidence import Standing, serving_verdict, stand
from shadowbert.flow.fills import check_fill, described
from shadowbert.flow.ledger import Ledger, Work
from shadowbert.flow.material import answers_of
from shadowbert.flow.named import in_force, named
from shadowbert.flow.rule import rule
from shadowbert.flow.taught import teachable
from shadowbert.flow.untaught import untaught

LEAST_EXAMPLES = 20
"""No training child takes fewer: its parts would be empty."""
ASKED = "asked for"
"""Why, where an operator gives no reason."""

UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Operator:
    name: str
    why: str = ""

    def __post_init__(self) -> None:
        """A terminal's bytes may be no text, and no database keeps what is none."""
        object.__setattr__(self, "why", UNKEEPABLE.sub("\ufffd", self.why))


@dataclass(frozen=True, slots=True)
class Operate:
    """Every command returns the newest version that it moved, and raises UnknownTask or OperatorError."""

    ledger: Ledger
    policy: Policy
    clock: Callable[[], float]

    def cutover(
        self, task: str, who: Operator, *, share: float = 1.0, force: bool = False, hold: bool = False
    ) -> VersionRow:
        """Let the best candidate serve. Raises CutoverRefused with the gate's reason unless it passed or `force`.

        With `hold` no alarm ends it; its files' failure and operators do, and so does a new student that passes.
        """
        if hold and not force:
            raise OperatorError("--hold switches the alarms off, which takes --force")
        with self.ledger.write() as work:
            version, students = self._trained(work, task)
            policy = rule(work, version.task_id, self.policy)
            standings = [stand(work, version, c, policy) for c in work.candidates.active(version.id)]
            passed = _fit(work, version, policy, standings)
            chosen = max(passed or standings, key=_worth, default=None)
            if not passed and not force:
                raise CutoverRefused(_refusal(task, chosen))
            if chosen is None:
                chosen = self._conscript(work, version, students[-1])
            verdict = Verdict(
                chosen.verdict.ruling,
                Move.PROMOTE,
                f"Cut over by {who.name}{'' if passed else ', forced'}{', alarms off' if hold else ''}. "
                f"{chosen.verdict.reason}",
                missing=chosen.verdict.missing,
                numbers=chosen.verdict.numbers,
            )
            if passed and version.stage.serves and chosen.candidate.id != version.candidate_id:
                work.candidates.retire(version.candidate_id or "", REPLACED)
            stage = Stage.LIVE if share >= 1.0 else Stage.CANARY
            to = self._transition(stage, who, share=min(share, 1.0), candidate=chosen.candidate.id, forced=not passed)
            return work.tasks.move(version, verdict, replace(to, alarms_off=hold))

    def _trained(self, work: Work, task: str) -> tuple[VersionRow, list[StudentRow]]:
        """The newest version with students: one that was founded a moment ago has nobody to cut over to."""
        versions = in_force(work.tasks, task)
        for version in reversed(versions):
            if students := work.students.of_version(version.id):
                return version, students
        raise CutoverRefused(
            f"task {task} has no student yet ({self._examples(work, versions[-1])} examples, the first is trained at "
            f"{self.policy.first_training}); run: shadowbert retrain {task}"
        )

    def _conscript(self, work: Work, version: VersionRow, student: StudentRow) -> Standing:
        """A student whose threshold nobody would bet on serves, by force, what it is as sure of as the target asks."""
        policy = rule(work, version.task_id, self.policy)
        served = Slice(policy.target, untaught(work, version, student))
        return stand(work, version, enter(work, student, version, served, at=self.clock()), policy)

    def rollback(self, task: str, who: Operator, *, only_unaudited: bool = False) -> VersionRow:
        """Back to the LLM at once; the gate promotes nothing until somebody resumes the task."""
        with self.ledger.write() as work:
            versions = in_force(work.tasks, task)
            serving = [version for version in versions if version.stage.serves]
            if not serving:
                raise OperatorError(f"task {task} is in stage {versions[-1].stage}: nothing is answered locally")
            if only_unaudited and not (serving := [v for v in serving if v.unaudited is not None]):
                raise OperatorError(f"the answers of task {task} are checked; to stop it: shadowbert rollback {task}")
            return [self._take_down(work, version, who) for version in serving][-1]

    def _take_down(self, work: Work, version: VersionRow, who: Operator) -> VersionRow:
        champion = work.candidates.get(version.candidate_id or "")
        verdict = Verdict(Ruling.INCONCLUSIVE, Move.DEMOTE, sentence("Rolled back", who))
        moved = work.tasks.move(version, verdict, self._transition(Stage.SHADOW, who, held=True))
        if champion is not None:
            retire_and_reenter(work, champion, why=f"rolled back by {who.name}", at=self.clock())
        return moved

    def pause(self, task: str, who: Operator) -> VersionRow:
        """The LLM answers everything; calls are still logged."""
        return self._stop(task, Stage.PAUSED, who, verb="Paused")

    def off(self, task: str, who: Operator) -> VersionRow:
        """The LLM answers everything; calls of this task are no longer logged."""
        return self._stop(task, Stage.OFF, who, verb="Switched off")

    def _stop(self, task: str, stage: Stage, who: Operator, *, verb: str) -> VersionRow:
        with self.ledger.write() as work:
            others = [version for version in in_force(work.tasks, task) if version.stage is not stage]
            if not others:
                raise OperatorError(f"task {task} is {stage} already")
            return [self._halt(work, version, stage, who, verb=verb) for version in others][-1]

    def _halt(self, work: Work, version: VersionRow, stage: Stage, who: Operator, *, verb: str) -> VersionRow:
        """Whoever served must earn it again after the break: the detector's memory does not reach across it."""
        champion = work.candidates.get(version.candidate_id or "") if version.stage.serves else None
        moved = self._step(work, version, stage, who, verb=verb)
        if champion is not None:
            retire_and_reenter(work, champion, why=f"{verb.lower()} by {who.name}", at=self.clock())
        return moved

    def resume(self, task: str, who: Operator) -> VersionRow:
        """Back to gathering evidence; lifts the hold of a roll-back."""
        with self.ledger.write() as work:
            versions = in_force(work.tasks, task)
            stopped = [v for v in versions if v.held or v.stage in (Stage.PAUSED, Stage.OFF)]
            if not stopped:
                raise OperatorError(f"task {task} is in stage {versions[-1].stage}: there is nothing to resume")
            return [self._wake(work, version, who) for version in stopped][-1]

    def _wake(self, work: Work, version: VersionRow, who: Operator) -> VersionRow:
        stage = Stage.SHADOW if work.candidates.active(version.id) else Stage.COLLECTING
        return self._step(work, version, stage, who, verb="Resumed")

    def confirm(self, task: str, who: Operator) -> VersionRow:
        """The contract that was read off the answers is the right one: the gate may promote."""
        with self.ledger.write() as work:
            waiting = [version for version in in_force(work.tasks, task) if not version.confirmed]
            if not waiting:
                raise OperatorError(f"task {task} has no inferred contract that waits to be confirmed")
            return [self._confirmed(work, version, who) for version in waiting][-1]

    def _confirmed(self, work: Work, version: VersionRow, who: Operator) -> VersionRow:
        work.tasks.confirm(version.id)
        return told(work, version, who, "Contract confirmed", at=self.clock())

    def fill(self, task: str, who: Operator, name: str, fill: Fill | None) -> VersionRow:
        """Say what stands in a local answer where no student can say it; None: the LLM must answer."""
        with self.ledger.write() as work:
            versions = in_force(work.tasks, task)
            parts = [(v, part) for v in versions for part in v.contract.unlearnable if part.name == name]
            if not parts:
                raise OperatorError(_no_such_part(task, name, versions[-1]))
            for _, part in parts:
                check_fill(part, fill)
            return [self._filled(work, version, who, name, fill) for version, _ in parts][-1]

    def _filled(self, work: Work, version: VersionRow, who: Operator, name: str, fill: Fill | None) -> VersionRow:
        others = {known: kept for known, kept in version.fills.items() if known != name}
        work.tasks.set_fills(version.id, others if fill is None else {**others, name: fill})
        return told(work, version, who, f"`{name}` {described(fill)}", at=self.clock())

    def retrain(self, task: str, who: Operator) -> int:
        """Ask for a new student. Returns how many examples there are to train on."""
        with self.ledger.write() as work:
            version = in_force(work.tasks, task)[-1]
            examples = self._examples(work, version)
            if examples < LEAST_EXAMPLES:
                raise OperatorError(f"task {task} has {examples} examples; a training needs {LEAST_EXAMPLES}")
            if missing := nothing_to_tell(version.contract, answers_of(work, version, self.policy.caller_share)):
                raise OperatorError(f"task {task} has nothing to learn: {missing}")
            work.jobs.queue(version.id, cause=sentence("Asked for", who), at=self.clock())
            return examples

    def cancel(self, task: str, who: Operator) -> TrainingJob:
        """End the task's training, queued or under way. Whichever worker runs it sees that at its next look, and stops
        the child. Returns the job as it is now.
        """
        with self.ledger.write() as work:
            latest = [(version, work.jobs.latest(version.id)) for version in named(work.tasks, task)]
            under_way = [(version, job) for version, job in latest if job is not None and job.open]
            if not under_way:
                raise OperatorError(f"task {task} has no training to cancel")
            return [self._cancel(work, version, job, who) for version, job in under_way][-1]

    def _cancel(self, work: Work, version: VersionRow, job: TrainingJob, who: Operator) -> TrainingJob:
        examples = job.examples if job.state == "running" else self._examples(work, version)
        message = sentence("Cancelled", who)
        work.jobs.cancel(job.id, examples=examples, message=message, at=self.clock())
        return replace(job, state="cancelled", examples=examples, message=message, progress=None)

    def _examples(self, work: Work, version: VersionRow) -> int:
        return teachable(work, version, self.policy.caller_share)

    def _step(self, work: Work, version: VersionRow, stage: Stage, who: Operator, *, verb: str) -> VersionRow:
        verdict = Verdict(Ruling.INCONCLUSIVE, Move.STEP, sentence(verb, who))
        return work.tasks.move(version, verdict, self._transition(stage, who))

    def _transition(
        self,
        stage: Stage,
        who: Operator,
        *,
        share: float = 0.0,
        candidate: str | None = None,
        forced: bool = False,
        held: bool = False,
    ) -> Transition:
        why = who.why or ASKED
        return Transition(stage, share, candidate, by=who.name, why=why, at=self.clock(), forced=forced, held=held)


def told(work: Work, version: VersionRow, who: Operator, verb: str, *, at: float) -> VersionRow:
    """Record what an operator did with a verdict that leaves the version where it is."""
    return noted(work, version, who, Verdict(Ruling.INCONCLUSIVE, Move.STEP, sentence(verb, who)), at=at)


def noted(work: Work, version: VersionRow, who: Operator, verdict: Verdict, *, at: float) -> VersionRow:
    """Record a verdict that an operator asked for and that leaves the version where it is."""
    return work.tasks.move(version, verdict, version.stay(by=who.name, why=who.why or ASKED, at=at))


def sentence(verb: str, who: Operator) -> str:
    """What was done, by whom and why."""
    return f"{verb} by {who.name}{f': {who.why}' if who.why else ''}."


def _no_such_part(task: str, name: str, version: VersionRow) -> str:
    parts = [part.name for part in version.contract.unlearnable]
    there_are = f"there is {', '.join(parts)}" if parts else "a student can say all of its answer"
    return f"task {task} has no field {name!r} to be filled; {there_are}"


def _fit(work: Work, version: VersionRow, policy: Policy, standings: Sequence[Standing]) -> Sequence[Standing]:
    """Who may serve by the gate's word: where something serves, a challenger that may take over, else who does."""
    champion = work.candidates.get(version.candidate_id or "") if version.stage.serves else None
    if champion is None:
        return [standing for standing in standings if standing.verdict.ruling is Ruling.PASS]
    if best := successor(work, version, champion, policy):
        return [best]
    verdict = serving_verdict(work, version, champion, policy)
    if version.forced or verdict.ruling is Ruling.FAIL:
        return [s for s in standings if s.candidate.id == champion.id and s.verdict.ruling is Ruling.PASS]
    return [Standing(champion, verdict, Counts(), None)]


def _worth(standing: Standing) -> tuple[float, float]:
    return standing.verdict.numbers.get("log_e", 0.0), standing.coverage or 0.0


def _refusal(task: str, standing: Standing | None) -> str:
    if standing is None:
        return f"the gate has not passed for {task}: no candidate gathers evidence yet; --force skips the gate"
    missing = f" Missing: {standing.verdict.missing}." if standing.verdict.missing else ""
    return f"the gate has not passed for {task}: {standing.verdict.reason}{missing} --force skips the gate"
