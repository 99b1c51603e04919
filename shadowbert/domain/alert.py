"""What people must hear of without looking: alerts, their kinds, and how one is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape

HOUR_S, DAY_S = 3600.0, 86_400.0


class AlertKind(StrEnum):
    READY = "ready"
    """The gate has passed, and a person is asked (`autopilot = "ask"`)."""
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    """By the gate or by an operator: nothing of the version is answered locally any more."""
    STUCK = "stuck"
    CEILING = "ceiling"
    """The LLM itself is shown to agree with itself less often than the target asks."""
    UNSUPPORTED = "unsupported"
    """The latest audits do not support the target."""
    UNAUDITED = "unaudited"
    """Audits and escalations all fail: nobody checks what the student answers."""
    TRAINING_FAILED = "training_failed"
    UNWATCHED = "unwatched"
    """A host lets the LLM answer everything because nobody watches."""
    TEST = "test"

    @property
    def good(self) -> bool:
        return self in (AlertKind.READY, AlertKind.PROMOTED, AlertKind.TEST)

    @property
    def quiet_s(self) -> float:
        """For how long, once told, it is not told again of the same: a condition on the edge comes and goes."""
        return HOUR_S if self in (AlertKind.UNWATCHED, AlertKind.UNAUDITED) else DAY_S


@dataclass(frozen=True, slots=True)
class Event:
    """Something that people should be told once."""

    kind: AlertKind
    key: str
    """Names the occasion: an alert with the same key is the same one."""
    text: str
    """One sentence or two for people, with the task's name in it."""
    task: str | None = None
    version: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """An event as it was told (written by whoever noticed it first; only its delivery is noted later)."""

    id: str
    event: Event
    at: float
    delivered_at: float | None = None
    attempts: int = 0
    next_try_at: float | None = None
    """None: it is delivered, nobody wants it delivered, or it was given up."""
    last_error: str = ""

    @property
    def kind(self) -> AlertKind:
        return self.event.kind

    def message(self) -> dict[str, object]:
        """What a webhook is sent. In Slack a caller's `<!channel>` would call everybody: the text is escaped as Slack
        asks.
        """
        event = self.event
        return {
            "id": self.id,
            "kind": event.kind.value,
            "task": event.task,
            "version": event.version,
            "text": escape(event.text, quote=False),
            "facts": dict(event.facts),
            "at": self.at,
        }
