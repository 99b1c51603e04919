"""Counts of agreement and the decisions taken on them."""

from dataclasses import dataclass, field
from enum import StrEnum

from shadowbert.domain.contract import Answer
from shadowbert.domain.task import Stage


@dataclass(frozen=True, slots=True)
class Counts:
    """Agreements and disagreements of one candidate on the rows that count."""

    agree: int = 0
    disagree: int = 0

    @property
    def rows(self) -> int:
        return self.agree + self.disagree

    @property
    def share(self) -> float | None:
        return self.agree / self.rows if self.rows else None


@dataclass(frozen=True, slots=True)
class Departure:
    """A label that left a slice, and what showed that it is bad."""

    field: int
    label: int
    counts: Counts
    """Of all rows with it; of the latest alone where it was good before and `fell`."""
    fell: bool = False

    @property
    def pair(self) -> tuple[int, int]:
        return self.field, self.label


class Ruling(StrEnum):
    PASS = "pass"  # noqa: S105 - a ruling, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class Move(StrEnum):
    PROMOTE = "promote"
    HOLD = "hold"
    DEMOTE = "demote"
    STEP = "step"
    """An operator's or the cadence's change of stage that is neither: pause, resume, off, first student."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A ruling with its reason and what is missing, and the move it causes."""

    ruling: Ruling
    move: Move
    reason: str
    """One sentence for people."""
    missing: str = ""
    """What would have to come for a pass, in words."""
    stage: Stage | None = None
    """The stage after the move; None where nothing moves."""
    share: float | None = None
    numbers: dict[str, float] = field(default_factory=dict)
    """The counts and bounds it rests on."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A version's state after a move, who caused it and why."""

    stage: Stage
    share: float
    candidate_id: str | None
    by: str
    why: str
    at: float
    forced: bool = False
    held: bool = False
    unaudited: int | None = None
    """The load sequence of the first of the audits and escalations that fail, while none is answered."""
    frozen: bool = False
    """An operator lets it serve on although it is unaudited."""
    alarms_off: bool = False
    """An operator has cut over so that no alarm of the gate ends it."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The audits and escalations of a version that came to nothing since the LLM last answered one of its calls."""

    calls: int = 0
    first_seq: int = 0
    since: float = 0.0
    """When the first of them came in (Unix seconds), and the last."""
    until: float = 0.0
    statuses: tuple[int | None, ...] = ()
    """What the latest of them ended with, newest first; None where there was no reply."""
    answered_seq: int = 0
    """The load sequence of the last call that was answered; 0 for none."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One row: the teacher's answer, and which of the two agreed with it."""

    label: tuple[int, ...]
    champion: bool
    challenger: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a student said on a uniform row, and whether the teacher said the same; None where it gave no label."""

    answer: Answer
    joint: float
    agreed: bool | None
    distinct: bool
