"""What people see of each task: one frozen value that the CLI, the dashboard and the demonstration all show.

Reads and counts; decides nothing.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from shadowbert.domain.contract import Contract
from shadowbert.domain.evidence import Counts
from shadowbert.domain.records import CandidateRow, StudentRow, TrainingJob, VerdictRow, VersionRow
from shadowbert.domain.route import Source
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.evidence import detector, serving_verdict, shadow_evidence, stand
from shadowbert.flow.ledger import TasksPort, Work
from shadowbert.gating.chance import ac1, kappa, macro_f1
from shadowbert.gating.eprocess import alpha_share, lower_bound
from shadowbert.gating.gate import supported


WAITING = {Stage.PAUSED: "resume to go on", Stage.OFF: "resume to go on", Stage.LIVE: ""}
UNDER_WAY = {"running": "a student is being trained", "queued": "a training is queued"}


class TrafficLike(Protocol):
    @property
    def student(self) -> int: ...
    @property
    def llm(self) -> int: ...
    @property
    def reasons(self) -> dict[str, int]: ...


class ReportsPort(Protocol):
    def traffic(self, version_id: str, *, after: int = 0) -> TrafficLike: ...
    def latencies(self, version_id: str, source: Source, *, limit: int = 500) -> list[float]: ...
    def unfit(self, version_id: str) -> dict[str, int]: ...
    def agreements(self, candidate_id: str) -> list[bool]: ...


class VerdictsPort(TasksPort, Protocol):
    def verdicts(self, version_ids: list[str], *, limit: int = 1000) -> list[VerdictRow]: ...


class ReportWork(Work, Protocol):
    @property
    def reports(self) -> ReportsPort: ...
    @property
    def tasks(self) -> VerdictsPort: ...


class ReportLedger(Protocol):
    def read(self) -> AbstractContextManager[ReportWork]: ...


@dataclass(frozen=True, slots=True)
class CandidateReport:
    """One candidate's evidence."""

    id: str
    number: int
    student: int
    recipe: str
    threshold: float
    agree: int
    disagree: int
    bound: float
    """Time-uniform lower bound at this candidate's share of alpha."""
    coverage: float | None
    kappa: float | None
    ac1: float | None
    macro_f1: float | None
    verdict: str
    missing: str
    serving: bool
    supported: bool
    """Whether the latest audits still support the target; True where it does not serve."""
    suspicion: float
    """The drift detector's value; an alarm at 10,000."""
    curve: tuple[tuple[int, float, float], ...] = ()
    """(rows, agreement so far, bound so far) at up to a hundred points."""

    @property
    def rows(self) -> int:
        return self.agree + self.disagree

    @property
    def agreement(self) -> float | None:
        return self.agree / self.rows if self.rows else None


@dataclass(frozen=True, slots=True)
class TaskReport:
    """One version of a task."""

    task: str
    version: str
    teacher: str
    stage: Stage
    share: float
    forced: bool
    held: bool
    target: float
    examples: int
    contract: Contract
    students: tuple[StudentRow, ...]
    candidates: tuple[CandidateReport, ...]
    training: TrainingJob | None
    by_student: int
    by_llm: int
    reasons: Mapping[str, int]
    """Why the LLM answered."""
    unfit: Mapping[str, int]
    """Why calls taught nothing."""
    student_ms: float | None
    llm_ms: float | None
    """Medians from request to end."""
    verdicts: tuple[VerdictRow, ...]
    missing: str

    @property
    def leading(self) -> CandidateReport | None:
        """The champion, else the candidate nearest to promotion."""
        serving = next((c for c in self.candidates if c.serving), None)
        return serving or max(self.candidates, key=lambda c: (c.bound, c.rows), default=None)


@dataclass(frozen=True, slots=True)
class Report:
    ledger: ReportLedger
    policy: Policy
    clock: Callable[[], float]

    def tasks(self, *, name: str | None = None) -> list[TaskReport]:
        """All versions, newest task last; only one task's with `name`."""
        with self.ledger.read() as work:
            versions = work.tasks.of_task(name) if name else work.tasks.versions()
            return [self._version(work, version) for version in versions]

    def _version(self, work: ReportWork, version: VersionRow) -> TaskReport:
        traffic = work.reports.traffic(version.id)
        students = {student.id: student for student in work.students.of_version(version.id)}
        candidates = [self._candidate(work, version, c, students) for c in work.candidates.active(version.id)]
        job = work.jobs.latest(version.id)
        examples = work.calls.examples(version.id)
        return TaskReport(
            task=version.task,
            version=version.id,
            teacher=version.teacher,
            stage=version.stage,
            share=version.share,
            forced=version.forced,
            held=version.held,
            target=self.policy.target,
            examples=examples,
            contract=version.contract,
            students=tuple(students.values()),
            candidates=tuple(candidates),
            training=job,
            by_student=traffic.student,
            by_llm=traffic.llm,
            reasons=traffic.reasons,
            unfit=work.reports.unfit(version.id),
            student_ms=_middle(work.reports.latencies(version.id, Source.STUDENT)),
            llm_ms=_middle(work.reports.latencies(version.id, Source.LLM)),
            verdicts=tuple(work.tasks.verdicts([version.id], limit=50)),
            missing=self._missing(version, candidates, job, examples),
        )

    def _candidate(
        self, work: ReportWork, version: VersionRow, candidate: CandidateRow, students: Mapping[str, StudentRow]
    ) -> CandidateReport:
        serving = version.stage.serves and candidate.id == version.candidate_id
        standing = stand(work, version, candidate, self.policy)
        verdict = serving_verdict(work, version, candidate, self.policy) if serving else standing.verdict
        confusion = shadow_evidence(work, version, candidate).confusion
        audits = work.reports.agreements(candidate.id)
        student = students.get(candidate.student_id)
        alpha = alpha_share(candidate.number, self.policy.alpha)
        return CandidateReport(
            id=candidate.id,
            number=candidate.number,
            student=student.number if student else 0,
            recipe=student.recipe if student else "",
            threshold=candidate.slice.threshold,
            agree=standing.counts.agree,
            disagree=standing.counts.disagree,
            bound=lower_bound(standing.counts, alpha=alpha),
            coverage=standing.coverage,
            kappa=kappa(confusion),
            ac1=ac1(confusion),
            macro_f1=macro_f1(confusion),
            verdict=verdict.reason,
            missing=verdict.missing,
            serving=serving,
            supported=not serving or supported(audits, self.policy.target),
            suspicion=detector(work, version, candidate, self.policy).value if serving else 0.0,
            curve=_curve(audits, alpha),
        )

    def _missing(
        self, version: VersionRow, candidates: list[CandidateReport], job: TrainingJob | None, examples: int
    ) -> str:
        """What stands between this task and the next step, in words."""
        if version.held:
            return "rolled back by an operator; resume to let the gate promote again"
        if version.stage in WAITING:
            return WAITING[version.stage]
        if candidates:
            return max(candidates, key=lambda c: (c.serving, c.bound, c.rows)).missing
        return self._until_student(job, examples)

    def _until_student(self, job: TrainingJob | None, examples: int) -> str:
        if job is not None and job.state in UNDER_WAY:
            return UNDER_WAY[job.state]
        if examples < self.policy.first_training:
            return f"{self.policy.first_training - examples} more examples until the first student"
        return job.message if job is not None else "a training is due"


def _middle(values: list[float]) -> float | None:
    return median(values) if values else None


def _curve(audits: list[bool], alpha: float) -> tuple[tuple[int, float, float], ...]:
    step = max(1, len(audits) // 100)
    points, agreed = [], 0
    for rows, agree in enumerate(audits, start=1):
        agreed += agree
        if rows % step == 0 or rows == len(audits):
            points.append((rows, agreed / rows, lower_bound(Counts(agreed, rows - agreed), alpha=alpha)))
    return tuple(points)
