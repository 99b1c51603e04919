"""The station that decides when a version gets a new student, has it trained, and enters it as a candidate.

Training itself happens in a child process behind the Trainer port; this process never learns what a gradient is.
"""

import json
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from shadowbert.curation.callers import capped
from shadowbert.curation.learnable import nothing_to_tell, withheld
from shadowbert.domain.evidence import Move, Ruling, Transition, Verdict
from shadowbert.domain.ids import uuid7
from shadowbert.domain.records import ExampleRow, Progress, StudentRow, TrainingJob, VersionRow
from shadowbert.domain.student import Slice
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.cadence import next_student
from shadowbert.flow.candidates import enter
from shadowbert.flow.ledger import Ledger, Work
from shadowbert.flow.lesson import learnt, left_out, lesson
from shadowbert.flow.material import answers_in, answers_of
from shadowbert.flow.outlook import COVERAGE, TARGET
from shadowbert.flow.recipes import Recipes
from shadowbert.flow.regression import Shelf, regression
from shadowbert.flow.rule import never_local, rule
from shadowbert.flow.taught import examples_of, legacies, taught, teachable
from shadowbert.gating.eprocess import alpha_share
from shadowbert.gating.threshold import Scored, propose

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
STUDENTS = "students"
HALF_DONE = ".training-*"
"""What a child has written below STUDENTS before it publishes."""
NOTE_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What a training child left behind. `scores` is empty where it failed."""

    published: bool
    reason: str
    recipe: str = ""
    scores: dict[str, float] = field(default_factory=dict)
    heldout: tuple[Scored, ...] = ()
    killed: bool = False
    """It never said why it failed: worth another attempt."""


class Training(Protocol):
    """A training under way."""

    def result(self) -> TrainingResult | None:
        """None while it runs."""
        ...

    def progress(self) -> Progress | None:
        """None until it has said how far it is."""
        ...

    def stop(self) -> None: ...


class Trainer(Protocol):
    def start(self, folder: Path, artifact: Path) -> Training:
        """Train on job.json and examples.jsonl in this folder; publish to `artifact`."""
        ...


@dataclass(frozen=True, slots=True)
class Running:
    job: TrainingJob
    version: VersionRow
    student: StudentRow
    folder: Path
    training: Training
    withheld: frozenset[tuple[int, int]]
    """(field, label) pairs that it learns from too few examples to be let say them."""
    left_out: frozenset[str]
    """Inputs that it does not learn because their caller teaches its share without them."""


@dataclass(slots=True)
class Train:
    ledger: Ledger
    trainer: Trainer
    policy: Policy
    recipes: Recipes
    home: Path
    """Where students and job folders live."""
    clock: Callable[[], float]
    shelf: Shelf | None = None
    """Where a new student can be asked what people have corrected."""
    _running: Running | None = None
    _noted: tuple[float, Progress | None] = (0.0, None)
    """When progress was noted last, and what."""
    _untold: dict[str, int] = field(default_factory=dict)
    """Versions with one label, and how many examples they had when that was seen."""

    def step(self) -> bool:
        """Look after the training under way, or start one that is due. True while one runs or has just ended."""
        if self._running is not None:
            return self._look_after(self._running)
        self._queue_due()
        with self.ledger.read() as work:
            job = work.jobs.next()
        return job is not None and self._start(job)

    def stop(self) -> None:
        """Stop the child; the job is taken up again by the next worker."""
        if self._running is not None:
            self._running.training.stop()
            self._running = None

    def _queue_due(self) -> None:
        """At the first so many examples, at every doubling that helps, and when what was waited for is there."""
        with self.ledger.read() as work:
            due = [(v, cause) for v in work.tasks.versions() if (cause := self._due(work, v))]
        for version, cause in due:
            with self.ledger.write() as work:
                work.jobs.queue(version.id, cause=cause, at=self.clock())

    def _due(self, work: Work, version: VersionRow) -> str:
        """Why it is; empty where it is not."""
        if version.stage in (Stage.PAUSED, Stage.OFF) or version.replaced_by:
            return ""
        examples, job = teachable(work, version, self.policy.caller_share), work.jobs.latest(version.id)
        if job is not None and job.waiting and examples >= job.waits_for:
            return job.cause
        doubled = next_student(work, version, self.policy).examples
        if doubled is None or examples < doubled or self._one_label(work, version):
            return ""
        return f"{examples} examples"

    def _one_label(self, work: Work, version: VersionRow) -> bool:
        """Whether there is nothing to learn yet. Looked up again only when there are further examples."""
        examples = examples_of(work, version)
        if self._untold.get(version.id) != examples:
            self._untold.pop(version.id, None)
            if nothing_to_tell(version.contract, answers_of(work, version, self.policy.caller_share)):
                self._untold[version.id] = examples
        return version.id in self._untold

    def _start(self, job: TrainingJob) -> bool:
        share = self.policy.caller_share
        with self.ledger.write() as work:
            if work.jobs.get(job.id) != job:
                return False  # it was cancelled, or taken up by another worker, since we looked
            version = work.tasks.version(job.version_id)
            known = taught(work, version) if version is not None else []
            fair, chosen = capped(known, share), learnt(known, share)
            refusal = _refusal(job, version, fair)
            if version is None or refusal:
                work.jobs.finish(job.id, state="failed", message=refusal, at=self.clock())
                return False
            student = self._student(work, version, len(chosen))
            # Here and not when they were inherited: calls may have been collected since, and none must be evidence.
            work.calls.teach(version.id, legacies(work, version, version.inherits), seq=student.cutoff_seq)
            work.jobs.start(job.id, examples=len(fair))  # what the next doubling is counted from
        without = left_out(known, chosen, share)
        folder = self._write_job(job, version, student, lesson(known, without))
        log.info("task %s: training student %d on %d examples", version.task, student.number, student.examples)
        self._noted = (0.0, None)
        training = self.trainer.start(folder, self.home / student.artifact)
        unsayable = withheld(version.contract, answers_in(chosen))
        self._running = Running(job, version, student, folder, training, unsayable, without)
        return True

    def _student(self, work: Work, version: VersionRow, examples: int) -> StudentRow:
        student_id = uuid7()
        return StudentRow(
            id=student_id,
            version_id=version.id,
            number=work.students.next_number(version.id),
            cutoff_seq=work.exchanges.last_seq(),
            artifact=f"{STUDENTS}/{student_id}",
            recipe="",
            examples=examples,
            created_at=self.clock(),
        )

    def _write_job(
        self, job: TrainingJob, version: VersionRow, student: StudentRow, examples: Sequence[Mapping[str, object]]
    ) -> Path:
        folder = self.home / "jobs" / job.id
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (self.home / student.artifact).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep()
        order = {
            "task": version.task,
            "teacher": version.teacher,
            "contract": version.contract.to_json(),
            "encoder": self.recipes.encoder,
            "pooling": self.recipes.pooling,
            "recipes": self.recipes.worth_trying(student.examples),
            "seed": student.number,
            "threads": self.recipes.threads,
            "device": self.recipes.device,
            "devices": self.recipes.devices,
            "serving": self.recipes.serving,
            "max_tokens": self.recipes.max_tokens,
            "pairs": version.skeleton.counts > 1,
            "cutoff": student.cutoff_seq,
            "artifact_dir": str(self.home / student.artifact),
        }
        lines = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in examples)
        (folder / "examples.jsonl").write_text(lines, encoding="utf-8")
        (folder / "job.json").write_text(json.dumps(order), encoding="utf-8")
        return folder

    def _look_after(self, running: Running) -> bool:
        with self.ledger.read() as work:
            ours = self._holds(work, running)
        if not ours:
            running.training.stop()
            self._let_go(running, "the training was cancelled, or another worker took it up")
            return True
        result = running.training.result()
        if result is None:
            self._note(running)
            return True
        result = self._examined(running, result)
        with self.ledger.write() as work:
            ours = self._holds(work, running)
            message = self._finish(work, running, result) if ours else "the training was cancelled when it ended"
        self._let_go(running, message)
        return True

    def _examined(self, running: Running, result: TrainingResult) -> TrainingResult:
        """With how many of people's corrections the student gets right; by the very artifact that would serve."""
        if self.shelf is None or not result.published:
            return result
        with self.ledger.read() as work:
            corrections = work.corrections.of_version(running.version.id)
        return replace(result, scores=result.scores | regression(self.shelf, running.student, corrections))

    def _let_go(self, running: Running, message: str) -> None:
        """Leave no file of a training that came to no student. One that another worker took up has its folder now."""
        with self.ledger.read() as work:
            job, student = work.jobs.get(running.job.id), work.students.get(running.student.id)
        if job is None or job.attempts == running.job.attempts + 1:
            shutil.rmtree(running.folder, ignore_errors=True)
        if student is None:
            shutil.rmtree(self.home / running.student.artifact, ignore_errors=True)
        self._sweep()
        self._running = None  # only now: a store that refuses is asked again in the next round
        log.info("task %s: %s", running.version.task, message)

    def _sweep(self) -> None:
        """What a child that was killed had no time to take away; no other child is at work."""
        for left in (self.home / STUDENTS).glob(HALF_DONE):
            shutil.rmtree(left, ignore_errors=True)

    def _note(self, running: Running) -> None:
        """Let people see how far it is; seldom, for each look is a write."""
        said, (at, before) = running.training.progress(), self._noted
        if said is None or said == before or abs(self.clock() - at) < NOTE_EVERY_S:
            return
        with self.ledger.write() as work:
            if self._holds(work, running):
                work.jobs.note(running.job.id, replace(said, student=running.student.number))
        self._noted = (self.clock(), said)

    def _holds(self, work: Work, running: Running) -> bool:
        """Whether nobody cancelled the job, or took it up while this worker slept past its lease: each attempt has its
        number.
        """
        now = work.jobs.get(running.job.id)
        return now is not None and (now.state, now.attempts) == ("running", running.job.attempts + 1)

    def _finish(self, work: Work, running: Running, result: TrainingResult) -> str:
        if result.killed and running.job.attempts + 1 < MAX_ATTEMPTS:
            return f"{result.reason}; it is tried again"
        tried = f"; tried {MAX_ATTEMPTS} times" if result.killed else ""
        message = self._register(work, running, result) if result.published else f"{result.reason}{tried}"
        state = "done" if result.published else "failed"
        work.jobs.finish(running.job.id, state=state, message=message, at=self.clock())
        return message

    def _register(self, work: Work, running: Running, result: TrainingResult) -> str:
        """Note the student and, where a threshold is worth betting on, enter it as the next candidate."""
        version = work.tasks.version(running.version.id) or running.version  # it may be another task's by now
        number = work.candidates.next_number(version.task_id)
        policy = rule(work, version.task_id, self.policy)
        alpha = alpha_share(number, policy.alpha)
        kept = running.withheld | never_local(work, version)
        inside = [row for row in result.heldout if not kept.intersection(enumerate(row.answer))]
        outside = len(result.heldout) - len(inside)
        proposal = propose(inside, policy.target, alpha=alpha, horizon=self.recipes.horizon, outside=outside)
        hopes = {COVERAGE: proposal.expected_coverage if proposal else 0.0, TARGET: policy.target}
        scores = result.scores | hopes
        student = replace(running.student, recipe=result.recipe, scores=scores, created_at=self.clock())
        work.students.add(student, left_out=running.left_out)
        name = f"student {student.number} ({student.recipe}, {student.examples} examples)"
        if proposal is None:
            return f"{name}: no threshold is expected to reach the target on 5 % of calls"
        self._enter(work, student, Slice(proposal.threshold, running.withheld), proposal.expected_coverage)
        return f"{name}: expected to cover {proposal.expected_coverage:.0%} at the target"

    def _enter(self, work: Work, student: StudentRow, served: Slice, coverage: float) -> None:
        version = work.tasks.version(student.version_id)
        if version is None or version.replaced_by:
            return
        enter(work, student, version, served, at=self.clock(), expected_coverage=coverage)
        if version.stage is Stage.COLLECTING:
            reason = f"Student {student.number} is expected to cover {coverage:.0%} of calls."
            verdict = Verdict(Ruling.INCONCLUSIVE, Move.STEP, reason, stage=Stage.SHADOW, share=0.0)
            work.tasks.move(
                version, verdict, Transition(Stage.SHADOW, 0.0, None, by="gate", why=reason, at=self.clock())
            )


def _refusal(job: TrainingJob, version: VersionRow | None, known: Sequence[ExampleRow]) -> str:
    """Why nothing is to be trained; empty where something is."""
    if version is not None and version.replaced_by:
        return "an operator edited the template"
    if version is None or job.attempts >= MAX_ATTEMPTS:
        return f"gave up after {job.attempts} tries"
    return nothing_to_tell(version.contract, answers_in(known))
