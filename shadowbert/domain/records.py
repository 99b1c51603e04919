"""The rows that stations hand to each other through the store. Each kind has one writer, named in its docstring."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf, nextafter

from shadowbert.domain.contract import Answer, Contract, Fills, Unlearnable
from shadowbert.domain.evidence import Departure, Transition, Verdict
from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.manner import Manners
from shadowbert.domain.route import Decider, Source
from shadowbert.domain.student import Prediction, Slice
from shadowbert.domain.task import Stage
from shadowbert.domain.template import Skeleton


@dataclass(frozen=True, slots=True)
class LoggedExchange:
    """An exchange as collect reads it back (written by load). `seq` is the store's load sequence: the only order."""

    id: str
    seq: int
    tenant: str
    endpoint: Endpoint | None
    upstream: str
    deployment: str
    received_at: float
    status: int | None
    outcome: str
    source: Source
    decider: Decider
    p_llm: float
    explicit_task: str | None
    retry_count: int
    eligible: bool
    noted_version: str | None
    prediction: Prediction | None
    request: bytes | None
    response: bytes | None
    response_type: str
    response_encoding: str
    total_ms: float = 0.0
    caller: str = ""

    @property
    def ended_at(self) -> float:
        return self.received_at + self.total_ms / 1000


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call of a version with the teacher's label, or why it has none (written by collect)."""

    exchange_id: str
    seq: int
    version_id: str
    input: str
    input_hash: str
    source: Source
    decider: Decider
    p_llm: float
    eligible: bool
    answer: Answer | None
    unfit: str | None
    prediction: Prediction | None = None
    """The champion's prediction where the web process made one."""
    envelope: Mapping[str, str | int | None] = field(default_factory=dict)
    """The transport, and what the teacher's reply said about itself: finish reason, fingerprint, tier, usage."""
    parent: str | None = None
    """The exchange that this one asks again."""
    caller: str = ""
    """Who asked: a keyed pseudonym. Calls without a credential are one caller's, with those from before there were any.
    """


@dataclass(frozen=True, slots=True)
class Correction:
    """A person's answer to the input of a call (written by operators)."""

    exchange_id: str
    version_id: str
    input: str
    input_hash: str
    seq: int
    """The call's load sequence."""
    answer: Answer
    by: str
    why: str
    at: float


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """What the teacher said to a past input when an operator had it asked again (written by operators)."""

    version_id: str
    input_hash: str
    first: Answer
    """What it said to the input's first call."""
    again: Answer | None
    unfit: str | None
    """Why there is no second answer."""
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class EarlierCall:
    """A call as far as a later one may repeat it."""

    exchange_id: str
    seq: int
    version_id: str
    tenant: str
    input_hash: str
    unfit: str | None
    received_at: float
    ended_at: float


@dataclass(frozen=True, slots=True)
class StrayCall:
    """A classification call that matches no published version yet (written by collect)."""

    exchange_id: str
    seq: int
    group: str
    """Tenant, teacher, contract and wording: what calls of one version must share."""
    explicit_task: str | None


@dataclass(frozen=True, slots=True)
class ExampleRow:
    """One distinct input with the label the teacher gave most often (written by collect)."""

    input_hash: str
    input: str
    answer: Answer
    first_seq: int
    exchange_id: str
    repeats: int
    agreeing_repeats: int
    weight: float = 1.0
    caller: str | None = ""
    """Who asked first; None where a person said the answer."""


@dataclass(frozen=True, slots=True)
class Inherited:
    """The examples of another version, as far as they were loaded when an operator carried them over."""

    version_id: str
    until_seq: int


@dataclass(frozen=True, slots=True)
class Legacy:
    """Which labelled calls of another version are examples of this one."""

    version_id: str
    until_seq: int
    known: tuple[tuple[int, tuple[int, ...]], ...] = ()
    """A field's place in the other's answers, and the labels there that this version knows too; all where it is not
    named.
    """


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A task version and its state (founded by collect, moved only by promote and by operators through it)."""

    id: str
    task_id: str
    task: str
    tenant: str
    teacher: str
    contract: Contract
    skeleton: Skeleton
    stage: Stage
    share: float
    epoch: int
    """Grows by one with every move; a move names the epoch it was decided on."""
    stage_seq: int
    """The load sequence when the present stage and share began."""
    candidate_id: str | None
    """The champion: the candidate that may serve."""
    forced: bool
    held: bool
    """An operator rolled back: the gate does not promote until an operator resumes."""
    created_at: float
    reply_model: str | None = None
    audit_rate: float | None = None
    """Set while suspicion or a challenger's evidence asks for more than the policy's rate."""
    wording: str = ""
    """Names the descriptions and examples inside the schema; empty where it has none."""
    manners: Manners = field(default_factory=dict)
    schema: Mapping[str, object] | None = None
    """Of the answers seen, where no request states one and they are JSON."""
    confirmed: bool = True
    """False while the contract is inferred and nobody has said that it is right."""
    fills: Fills = field(default_factory=dict)
    """What operators put in the place of what no student can say."""
    former: tuple[str, ...] = ()
    """Names that the task had before, and those of tasks merged into it: callers may still use them."""
    pinned: bool = False
    """An operator wants no further version of the task to be founded by itself."""
    replaced_by: str | None = None
    """The version that an operator has put in its place: nothing matches this one any more."""
    inherits: tuple["Inherited", ...] = ()
    """Earlier versions whose examples teach its students too."""
    unaudited: int | None = None
    """The load sequence of the first of the audits and escalations that fail, while none is answered: nobody checks
    what its student answers.
    """
    frozen: bool = False
    """An operator lets it serve on although it is unaudited."""
    alarms_off: bool = False
    """An operator has cut over so that no alarm of the gate ends it."""

    @property
    def unfilled(self) -> tuple[Unlearnable, ...]:
        return self.contract.unfilled(self.fills)

    def anew(self, version_id: str, *, seq: int, at: float) -> "VersionRow":
        """Another version of the same kind, newer than this one whatever the clock says; it has no student, and nothing
        of what was decided on this one.
        """
        return replace(
            self,
            id=version_id,
            stage=Stage.COLLECTING,
            share=0.0,
            epoch=0,
            stage_seq=seq,
            candidate_id=None,
            forced=False,
            held=False,
            created_at=max(at, nextafter(self.created_at, inf)),
            audit_rate=None,
            inherits=(),
            unaudited=None,
            frozen=False,
            alarms_off=False,
        )

    def stays(self, stage: Stage, share: float, candidate_id: str | None) -> bool:
        """Whether this would move it nowhere: then its stage goes on, and what has been counted since it began."""
        return (self.stage, self.share, self.candidate_id) == (stage, share, candidate_id)

    def stay(self, *, by: str, why: str, at: float) -> Transition:
        """A move that leaves everything as it is, for a verdict that only tells."""
        return Transition(
            self.stage,
            self.share,
            self.candidate_id,
            by=by,
            why=why,
            at=at,
            forced=self.forced,
            held=self.held,
            unaudited=self.unaudited,
            frozen=self.frozen,
            alarms_off=self.alarms_off,
        )


@dataclass(frozen=True, slots=True)
class StudentRow:
    """A published student (written by train)."""

    id: str
    version_id: str
    number: int
    cutoff_seq: int
    artifact: str
    """Where its files lie, below the data directory."""
    recipe: str
    examples: int
    created_at: float
    scores: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A student with a slice that gathers evidence (entered by train or promote, retired by promote)."""

    id: str
    task_id: str
    version_id: str
    student_id: str
    number: int
    """The task's j-th candidate: it spends alpha / (j (j + 1))."""
    slice: Slice
    start_seq: int
    """Only calls loaded after this count."""
    expected_coverage: float
    entered_at: float
    retired: str | None = None
    departures: tuple[Departure, ...] = ()
    """Labels that left with its entry, for their own evidence in the slice before it."""


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """A candidate's prediction on a call and whether it agreed with the teacher (written by shadow)."""

    exchange_id: str
    candidate_id: str
    student_id: str
    version_id: str
    seq: int
    input_hash: str
    prediction: Prediction
    agreed: bool | None
    """None where the teacher gave no label."""
    uniform: bool
    distinct: bool
    """The first time this student meets this input, and it was not trained on it."""
    served: bool
    by_web: bool
    repeated: bool | None = None
    """Whether the worker's own prediction was the same; None where no web process made one."""


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """A verdict as it was passed (written by promote)."""

    id: int
    version_id: str
    candidate_id: str | None
    at: float
    stage_before: Stage
    epoch: int
    by: str
    """`gate`, or the operator's name."""
    why: str
    verdict: Verdict
    champion: str | None = None
    """The candidate that may serve after the move."""
    forced: bool = False
    held: bool = False
    seq: int = 0
    """The load sequence at the move."""
    unaudited: int | None = None
    frozen: bool = False
    alarms_off: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training under way has come (written by train)."""

    phase: str
    recipe: str = ""
    step: int = 0
    of: int = 0
    """Steps of this phase; 0 where nobody counts them."""
    loss: float | None = None
    agreement: float | None = None
    """Of the best recipe so far."""
    seconds_left: float | None = None
    """An estimate; None while there is nothing to estimate it from."""
    student: int = 0
    """The number that the student will have."""


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """A training that is asked for, running or over (written by train; an operator may cancel it)."""

    id: str
    version_id: str
    state: str
    cause: str
    created_at: float
    examples: int = 0
    attempts: int = 0
    message: str = ""
    waits_for: int = 0
    """Examples that there must be before it starts."""
    progress: Progress | None = None
    """While it runs."""

    @property
    def open(self) -> bool:
        """Whether there is anything of it that could be cancelled."""
        return self.state in ("queued", "running")

    @property
    def waiting(self) -> bool:
        """Whether it is asked for, and too few examples are there."""
        return self.state == "queued" and self.waits_for > 0
