"""Tasks, their versions and the stage each version is in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shadowbert.domain.contract import Contract, Fills, Unlearnable
from shadowbert.domain.manner import Manners
from shadowbert.domain.student import Champion
from shadowbert.domain.template import Skeleton


class Stage(StrEnum):
    COLLECTING = "collecting"
    SHADOW = "shadow"
    CANARY = "canary"
    LIVE = "live"
    PAUSED = "paused"
    OFF = "off"

    @property
    def serves(self) -> bool:
        return self in (Stage.CANARY, Stage.LIVE)


LEAST_AUDIT_RATE = 0.01
"""The audit coin is never tossed for nothing."""
CANARY_SHARES = (0.05, 0.25, 1.0)
"""Shares of eligible calls that a candidate serves on its way up; the last one is live."""


TEACHER, PEOPLE = "teacher", "people"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a task promises and how it is watched."""

    target: float = 0.95
    alpha: float = 0.05
    audit_rate: float = 0.05
    challenger_audit_rate: float = 0.25
    """The rate while a live version's challenger is judged that would answer more; never under the audit rate."""
    min_rows: int = 100
    min_hours: int = 0
    """Hours of the day (UTC) that the promotion rows must have come in; 0 asks for none."""
    first_training: int = 200
    fine_tune_from: int = 800
    """Examples from which a student has every recipe to choose from."""
    autopilot: bool = True
    max_tasks: int = 100
    """Tasks that a tenant may have; those that callers name do not stop at it."""
    caller_share: float = 1.0
    """The largest part of a student's examples that one caller may teach; 1 is no cap."""
    gate_on: str = TEACHER
    """Whose word a student is held to before it serves: the teacher's, or PEOPLE's on calls drawn at random."""
    unaudited_hours: int = 24
    """How long a student serves on when nothing can check it, for the LLM is down or gone; 0: not at all."""
    always_llm: tuple[str, ...] = ()
    """`field=label`: what is never answered locally, however sure the student is. A task's own, never a default."""

    @property
    def by_people(self) -> bool:
        return self.gate_on == PEOPLE


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """A task version as the web processes see it: enough to recognise a call and to decide its route."""

    id: str
    task: str
    tenant: str
    teacher: str
    contract: Contract
    skeleton: Skeleton
    stage: Stage
    share: float
    audit_rate: float
    champion: Champion | None = None
    reply_model: str | None = None
    """The model name the teacher last signed its replies with."""
    forced: bool = False
    wording: str = ""
    """Names the descriptions and examples inside the schema; empty where it has none."""
    manners: Manners = field(default_factory=dict)
    schema: Mapping[str, object] | None = None
    """Of the answers seen, where no request states one and they are JSON."""
    fills: Fills = field(default_factory=dict)
    former: tuple[str, ...] = ()
    """Names of the task that callers may still use."""

    @property
    def unfilled(self) -> tuple[Unlearnable, ...]:
        """What only the LLM can say: while there is any, nothing is answered locally."""
        return self.contract.unfilled(self.fills)


@dataclass(frozen=True, slots=True)
class StageTable:
    """The mirror of all published versions, with the times that tell whether anybody still watches."""

    versions: tuple[PublishedVersion, ...]
    revision: int
    gate_looked_at: float | None
    """Unix seconds of the gate's last look; None before the first."""
