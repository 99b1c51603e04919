"""What people see of each task: one frozen value that the CLI, the dashboard and the demonstration all show.

Reads and counts; decides nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from shadowbert.domain.contract import Contract, Fills
from shadowbert.domain.evidence import Move, Ruling, Verdict
from shadowbert.domain.records import CandidateRow, StudentRow, TrainingJob, VerdictRow, VersionRow
from shadowbert.domain.route import Source
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.audits import raised_audits
from shadowbert.flow.cadence import NEVER, Next, next_student
from shadowbert.flow.candidates import departed
from shadowbert.flow.cards import Cards, Described, described, why_low
from shadowbert.flow.ceiling import NO_CEILING, Ceilings, ceilings
from shadowbert.flow.challenge import heir
from shadowbert.flow.curves import curve
from shadowbert.flow.evidence import Standing, detector, serving_verdict, shadow_evidence, stand
from shadowbert.flow.history import Told, chronicle
from shadowbert.flow.labelled import NO_LABELS, Labels, labels_of, shown
from shadowbert.flow.ledger import Work
from shadowbert.flow.lineages import TaskLine, lineages, notices
from shadowbert.flow.material import NOTHING, Material, material
from shadowbert.flow.missing import until_operator, until_student
from shadowbert.flow.named import named
from shadowbert.flow.outlook import COVERAGE, NO_OUTLOOK, Outlook, Pace, outlook
from shadowbert.flow.people import watched
from shadowbert.flow.reports import ReportLedger, ReportWork
from shadowbert.flow.rule import never_local, rule
from shadowbert.flow.scope import foreign, reads
from shadowbert.flow.taught import inherited_of, teachable
from shadowbert.flow.truth import NO_TRUTH, HumanTruth, human_truth
from shadowbert.flow.unchecked import Unchecked, unchecked_of
from shadowbert.flow.unrecognised import Unrecognised, unrecognised
from shadowbert.gating.chance import ac1, kappa, macro_f1
from shadowbert.gating.eprocess import alpha_share
from shadowbert.gating.gate import WATCHED_AUDITS, supported

ASKS = "an operator's cutover: the gate has passed, and autopilot is set to ask"
NO_GAIN = "clearly more coverage than what serves has, and no label that is shown worse or has left"
DAY_S = 86_400.0
FEW_NEW = 20
"""Examples since the latest student from which on they tell how fast more will come."""


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
    """(rows, agreement so far, bound so far) at a few dozen points."""
    excluded: tuple[str, ...] = ()
    """Labels that it never answers with, for it learnt them from too few examples."""
    labels: Labels = NO_LABELS
    """How each label stands."""
    ready: bool = False
    """Whether it may take the place of what serves."""

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
    confirmed: bool = True
    """False while the contract is inferred and nobody has said that it is right."""
    fills: Fills = field(default_factory=dict)
    """What operators put in the place of what no student can say."""
    stage_student: int = 0
    stage_llm: int = 0
    """Calls by who answered since the present stage and share began."""
    tenant: str = ""
    former: tuple[str, ...] = ()
    """Names of the task that callers may still use."""
    pinned: bool = False
    """No further version of the task is founded by itself."""
    inherited: int = 0
    """Of the examples: those on which only an earlier version has a label."""
    inherits: tuple[str, ...] = ()
    """Those versions."""
    replaced_by: str | None = None
    """The version that an operator's template founded in its place."""
    following: Next = NEVER
    """When the next student is trained by itself."""
    outlook: Outlook = NO_OUTLOOK
    material: Material = NOTHING
    """What the examples are worth."""
    described: Described | None = None
    """The leading student by its card, else the newest that has one."""
    ceiling: Ceilings = NO_CEILING
    truth: HumanTruth = NO_TRUTH
    alarms_off: bool = False
    audits: str = ""
    """That they are raised, and why; empty where the policy's rate is in force."""
    unchecked: Unchecked | None = None
    """Why nobody checks its answers; None where they are checked."""

    @property
    def unaudited(self) -> bool:
        return self.unchecked is not None

    @property
    def frozen(self) -> bool:
        return self.unchecked is not None and self.unchecked.frozen is not None

    @property
    def why_low(self) -> str:
        """Why the leading student covers little; empty where it does not."""
        known = self.leading.coverage if self.leading else None
        hoped = self.students[-1].scores.get(COVERAGE) if self.students else None
        return why_low(hoped if known is None else known, self.target, self.material, self.described)

    @property
    def reads(self) -> str:
        """Which part of an input the newest student reads."""
        return reads(self.students[-1].scores) if self.students else ""

    @property
    def foreign(self) -> str:
        """A warning that the newest student's encoder does not know the language; empty where it does."""
        return foreign(self.students[-1].scores) if self.students else ""

    @property
    def red(self) -> bool:
        """Whether people should look: it serves without the gate's word or any audits, or against the latest."""
        return self.forced or self.alarms_off or self.unaudited or not all(c.supported for c in self.candidates)

    @property
    def without_alarms(self) -> str:
        """Who has switched its alarms off, and why; empty where they are on."""
        cutovers = [
            row for row in self.verdicts if row.alarms_off and row.by != "gate" and row.verdict.move is Move.PROMOTE
        ]
        by = f" by {cutovers[-1].by}: {cutovers[-1].why}" if cutovers else ""
        return f"its alarms are switched off{by}" if self.alarms_off else ""

    @property
    def leading(self) -> CandidateReport | None:
        return leading(self.candidates)


@dataclass(frozen=True, slots=True)
class _Known:
    students: Mapping[str, StudentRow]
    heir: str | None
    """The challenger that may take over."""


@dataclass(frozen=True, slots=True)
class Report:
    ledger: ReportLedger
    policy: Policy
    clock: Callable[[], float]
    cards: Cards = lambda _: None

    def tasks(self) -> list[TaskReport]:
        """Every version of every task, oldest first."""
        with self.ledger.read() as work:
            return [self._version(work, version) for version in work.tasks.versions()]

    def task(self, name: str) -> list[TaskReport]:
        """One task's versions, newest last. Raises UnknownTask."""
        with self.ledger.read() as work:
            return [self._version(work, version) for version in named(work.tasks, name)]

    def verdicts(self, name: str) -> list[Told]:
        """What became of one task, oldest first. Raises UnknownTask."""
        with self.ledger.read() as work:
            return chronicle(work.tasks, name)

    def lineages(self) -> list[TaskLine]:
        """One line a task."""
        with self.ledger.read() as work:
            return lineages(work)

    def notices(self) -> list[str]:
        with self.ledger.read() as work:
            return notices(work, self.policy)

    def unrecognised(self) -> Unrecognised:
        """The latest calls of no task."""
        with self.ledger.read() as work:
            return unrecognised(work)

    def _version(self, work: ReportWork, version: VersionRow) -> TaskReport:
        return replace(self, policy=rule(work, version.task_id, self.policy))._judged(work, version)  # noqa: SLF001 - ours

    def _judged(self, work: ReportWork, version: VersionRow) -> TaskReport:
        traffic = work.reports.traffic(version.id)
        lately = work.reports.traffic(version.id, after=version.stage_seq)
        students = {student.id: student for student in work.students.of_version(version.id)}
        beside = _Known(students, heir(work, version, self.policy))
        candidates = [self._candidate(work, version, c, beside) for c in work.candidates.active(version.id)]
        job = work.jobs.latest(version.id)
        share = self.policy.caller_share
        examples, following = teachable(work, version, share), next_student(work, version, self.policy)
        known, first = material(work, version, share), leading(candidates)
        return TaskReport(
            task=version.task,
            version=version.id,
            teacher=version.teacher,
            stage=version.stage,
            share=version.share,
            forced=version.forced,
            held=version.held,
            alarms_off=version.alarms_off,
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
            student_ms=median(ms) if (ms := work.reports.latencies(version.id, Source.STUDENT)) else None,
            llm_ms=median(ms) if (ms := work.reports.latencies(version.id, Source.LLM)) else None,
            verdicts=tuple(work.tasks.verdicts([version.id], limit=50)),
            missing=self._missing(version, candidates, until_student(job, examples, following, known, self.policy)),
            material=known,
            described=described(self.cards, tuple(students.values()), first.student if first else None),
            following=following,
            outlook=self._outlook(work, version, examples, following),
            confirmed=version.confirmed,
            fills=version.fills,
            stage_student=lately.student,
            stage_llm=lately.llm,
            tenant=version.tenant,
            former=version.former,
            pinned=version.pinned,
            inherited=inherited_of(work, version),
            inherits=tuple(kept.version_id for kept in version.inherits),
            replaced_by=version.replaced_by,
            ceiling=ceilings(work, version, first.id if first else None),
            truth=human_truth(work, version, first.id if first else None),
            audits=raised_audits(work, version, self.policy),
            unchecked=unchecked_of(work, version, self.policy),
        )

    def _outlook(self, work: ReportWork, version: VersionRow, examples: int, following: Next) -> Outlook:
        students = work.students.of_version(version.id)
        pace = self._pace(work, version, students[-1], examples) if students else Pace()
        return outlook(students, self.policy.target, examples=examples, due=following.examples or 0, pace=pace)

    def _pace(self, work: ReportWork, version: VersionRow, latest: StudentRow, examples: int) -> Pace:
        """Since the latest student; the version's whole life where that was too short."""
        calls, new = work.reports.traffic(version.id, after=latest.cutoff_seq), examples - latest.examples
        total = calls.student + calls.llm
        days = (self.clock() - latest.created_at) / DAY_S
        if new < FEW_NEW or total < new or days <= 0:
            return Pace(max(1.0, work.reports.recognised(version.id) / max(1, examples)))
        return Pace(total / new, total / days)

    def _candidate(
        self, work: ReportWork, version: VersionRow, candidate: CandidateRow, known: _Known
    ) -> CandidateReport:
        serving = version.stage.serves and candidate.id == version.candidate_id
        standing = stand(work, version, candidate, self.policy)
        verdict = self._verdict(work, version, standing, serving=serving)
        confusion = shadow_evidence(work, version, candidate, self.policy).confusion
        latest = work.predictions.latest(candidate.id, limit=WATCHED_AUDITS)
        student, ready = known.students.get(candidate.student_id), candidate.id == known.heir
        alpha = alpha_share(candidate.number, self.policy.alpha)
        counts, least = shown(work, version, standing, self.policy)
        return CandidateReport(
            id=candidate.id,
            number=candidate.number,
            student=student.number if student else 0,
            recipe=student.recipe if student else "",
            threshold=candidate.slice.threshold,
            agree=counts.agree,
            disagree=counts.disagree,
            bound=least,
            coverage=standing.coverage,
            kappa=kappa(confusion),
            ac1=ac1(confusion),
            macro_f1=macro_f1(confusion),
            verdict=verdict.reason,
            missing=self._wanting(verdict, needless=version.stage.serves and not (serving or ready)),
            ready=ready,
            serving=serving,
            supported=not serving or supported(latest, watched(work, version, candidate, self.policy).target),
            suspicion=detector(work, version, candidate, self.policy).value if serving else 0.0,
            curve=curve(work.reports.agreements(candidate.id), alpha),
            excluded=tuple(_untaught(work, version, candidate)),
            labels=labels_of(work, version, candidate, self.policy),
        )

    def _wanting(self, verdict: Verdict, *, needless: bool) -> str:
        """`needless`: something else serves, and goes on serving though this one passes."""
        if verdict.move is not Move.PROMOTE:
            return verdict.missing
        return NO_GAIN if needless else "" if self.policy.autopilot else ASKS

    def _verdict(self, work: Work, version: VersionRow, standing: Standing, *, serving: bool) -> Verdict:
        """Of a candidate that serves by force people want to know whether the gate would agree by now."""
        if not serving:
            return standing.verdict
        verdict = serving_verdict(work, version, standing.candidate, self.policy)
        return standing.verdict if version.forced and verdict.ruling is not Ruling.FAIL else verdict

    def _missing(self, version: VersionRow, candidates: Sequence[CandidateReport], student: str) -> str:
        """What stands between this task and the next step, in words; `student`: what the next one waits for."""
        if version.replaced_by:
            return ""
        first = leading(candidates)
        return until_operator(version, candidates, self.policy) or (first.missing if first else student)


def leading(candidates: Sequence[CandidateReport]) -> CandidateReport | None:
    """The champion, else the candidate nearest to promotion."""
    return max(candidates, key=lambda c: (c.serving, c.bound, c.rows), default=None)


def _untaught(work: Work, version: VersionRow, candidate: CandidateRow) -> Iterator[str]:
    """By name."""
    others = never_local(work, version) | departed(work, version.id, candidate.student_id)
    for field_, label in sorted(candidate.slice.excluded - others):
        yield f"{version.contract.fields[field_].name} {version.contract.fields[field_].label(label)}"
