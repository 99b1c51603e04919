"""What is known of a serving version whose answers nobody checks: for the station, the report and the alerts alike.

Reads and words it; decides nothing.
"""

from dataclasses import dataclass

from shadowbert.domain.alert import HOUR_S
from shadowbert.domain.evidence import Unanswered
from shadowbert.domain.records import VerdictRow, VersionRow
from shadowbert.domain.task import Policy
from shadowbert.flow.ledger import Work
from shadowbert.gating.unaudited import unchecked, why
from shadowbert.gating.wording import moment


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Why nobody checks a version, since when, and for how long that is let pass."""

    tried: Unanswered
    local: int
    """Calls that its student answered since the first of the failures."""
    known_at: float
    hours: int
    """How long after that it serves on."""
    frozen: VerdictRow | None = None
    """By which an operator lets it serve on for longer."""

    @property
    def since(self) -> float:
        """When the first call came in that nobody answered; when it was noticed where that call is forgotten."""
        return self.tried.since or self.known_at

    @property
    def deadline(self) -> float | None:
        """When it goes back to the LLM; None where an operator has frozen it."""
        return None if self.frozen else self.known_at + self.hours * HOUR_S

    @property
    def why(self) -> str:
        """With how many answers nobody checked."""
        return f"{why(self.tried)}; {unchecked(self.local)}"

    @property
    def until(self) -> str:
        """What becomes of it, unless the LLM answers before."""
        if self.frozen is not None:
            return f"{self.frozen.by} froze it: it serves on until the LLM answers or somebody stops it"
        return f"it goes back to the LLM on {moment(self.known_at + self.hours * HOUR_S)}"

    @property
    def said(self) -> str:
        """All of it."""
        return f"unaudited since {moment(self.since)}: {self.why}; {self.until}"

    def words(self, task: str) -> str:
        """With the command by which an operator chooses."""
        choices = "--stop or --new-teacher MODEL" if self.frozen else "--freeze, --stop or --new-teacher MODEL"
        return f"{self.said}; to choose otherwise: shadowbert unaudited {task} {choices}"

    def to_json(self) -> dict[str, object]:
        return {
            "why": self.why,
            "since": self.since,
            "failed": self.tried.calls,
            "answered_locally": self.local,
            "deadline": self.deadline,
            "frozen_by": self.frozen.by if self.frozen else None,
        }


def tried_of(work: Work, version: VersionRow) -> Unanswered:
    """Since its stage began; since the first failure where that is known, for a slice may have changed meanwhile."""
    began = version.stage_seq if version.unaudited is None else version.unaudited - 1
    return work.exchanges.unanswered(version.id, began)


def unchecked_of(work: Work, version: VersionRow, policy: Policy) -> Unchecked | None:
    """None where its answers are checked, as far as the gate knows."""
    told = work.tasks.unaudited(version)
    if version.unaudited is None or not told:
        return None
    frozen = next((row for row in told if row.frozen), None) if version.frozen else None
    return Unchecked(
        tried=tried_of(work, version),
        local=work.exchanges.local_answers(version.id, version.unaudited),
        known_at=told[0].at,
        hours=policy.unaudited_hours,
        frozen=frozen,
    )
