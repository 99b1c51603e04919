"""Stands beside the answer path and tells people when nobody watches it any more: then the LLM answers everything.

The worker may be dead and the store away, so this one alert is raised, and delivered, by whoever answers calls. Where
the store can be read it is written there like any other; where not, it is posted at once and written when it can be.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from shadowbert.domain.alert import Alert, AlertKind, Event
from shadowbert.domain.ids import uuid7
from shadowbert.errors import StoreError, WebhookError
from shadowbert.flow.delivery import Delivery, wait_s
from shadowbert.flow.ledger import Ledger
from shadowbert.flow.policy import AnswerPolicy
from shadowbert.flow.ports import StageSource

log = logging.getLogger(__name__)

GRACE_S = 5.0
"""A host that has just started knows nothing yet."""
KINDS = (AlertKind.UNWATCHED,)


@dataclass(frozen=True, slots=True)
class Told:
    """For metrics: alerts by kind, and how many still wait for delivery."""

    counts: Mapping[AlertKind, int] = field(default_factory=dict)
    waiting: int = 0


@dataclass(slots=True)
class Sentry:
    """`look` does I/O and belongs on a thread; `told` is what metrics ask."""

    ledger: Ledger
    stages: StageSource
    policy: AnswerPolicy
    delivery: Delivery
    clock: Callable[[], float]
    host: str
    alone: Callable[[], bool] = lambda: True
    """Whether no other process speaks for this host."""
    _stored: Told = field(default_factory=Told, init=False)
    _since: float | None = field(default=None, init=False)
    """Since when nobody has watched."""
    _alert: Alert | None = field(default=None, init=False)
    """What was raised and is not in the store yet."""
    _raised: str = field(default="", init=False)
    """The key of what was raised and goes on."""
    _quiet_until: float = field(default=0.0, init=False)

    def told(self) -> Told:
        """What the store said at the last look, and what it does not know yet."""
        if self._alert is None:
            return self._stored
        counts = {**self._stored.counts, AlertKind.UNWATCHED: self._stored.counts.get(AlertKind.UNWATCHED, 0) + 1}
        return Told(counts, self._stored.waiting + (self._alert.next_try_at is not None))

    def look(self) -> None:
        """Once: raise what is to be raised, see that it is delivered, note what is in the store."""
        why = self._unwatched()
        if self.alone():
            self._speak(why)
        try:
            if self._alert is None and not self._blind():
                self._note(why)
        except StoreError as error:
            log.info("alerts wait for the store: %s", error)

    def _unwatched(self) -> str:
        """Why local answers have stopped here; empty where they go on, or where there were none."""
        table = self.stages.table()
        unknown = table.revision < 0
        if not unknown and not any(version.stage.serves for version in table.versions):
            return ""
        return self.policy.unwatched(table, age=self.stages.age(), now=self.clock())

    def _blind(self) -> bool:
        """Whether the store cannot be counted on: to ask it might take for ever."""
        return self.stages.age() >= self.policy.mirror_age

    def _speak(self, why: str) -> None:
        now = self.clock()
        if why:
            self._since = now if self._since is None else self._since
            if now - self._since >= GRACE_S:
                self._raise(why, now)
        elif self._since is not None:
            log.info("somebody watches again: students may answer")
            self._since, self._raised = None, ""
        if self._alert is not None:
            self._hand_over(self._alert, now)

    def _raise(self, why: str, now: float) -> None:
        key = f"unwatched:{self.host}"
        if self._raised or now < self._quiet_until:
            return
        self._raised, self._quiet_until = key, now + AlertKind.UNWATCHED.quiet_s
        text = f"On {self.host} {why} for too long: nobody watches, so the LLM answers everything."
        log.warning("alert %s: %s", AlertKind.UNWATCHED, text)
        facts = {"host": self.host, "mirror_age_s": _finite(self.stages.age())}
        event = Event(AlertKind.UNWATCHED, key, text, facts=facts)
        self._alert = Alert(uuid7(), event, now, next_try_at=None if self.delivery.post is None else now)

    def _hand_over(self, alert: Alert, now: float) -> None:
        """To the store where it answers; else deliver it from here."""
        if self._blind():
            self._alert = self._posted(alert, now)
            return
        try:
            with self.ledger.write() as work:
                work.alerts.add(alert)  # False where it was told lately: a fault that comes and goes is told once
        except StoreError:
            self._alert = self._posted(alert, now)
        else:
            self._alert = None

    def _posted(self, alert: Alert, now: float) -> Alert:
        post = self.delivery.post
        if post is None or alert.next_try_at is None or alert.next_try_at > now:
            return alert
        tried = replace(alert, attempts=alert.attempts + 1)
        try:
            post.post(alert.message())
        except WebhookError as error:
            log.warning("alert %s was not delivered: %s", alert.kind, error)
            again = self.clock() + wait_s(tried.attempts, self.delivery.draw())
            return replace(tried, next_try_at=again, last_error=str(error))
        return replace(tried, delivered_at=self.clock(), next_try_at=None, last_error="")

    def _note(self, why: str) -> None:
        """What metrics ask for; deliver what nobody else may; and end what is over, after the time to be quiet."""
        with self.ledger.read() as work:
            self._stored = Told(work.alerts.counts(), work.alerts.undelivered())
            standing = work.alerts.standing(KINDS)
        if not self.alone():
            return
        if why:
            self.delivery.step()
            return
        mine = [alert for alert in standing if alert.event.key == f"unwatched:{self.host}"]
        over = [alert for alert in mine if self.clock() - alert.at >= alert.kind.quiet_s]
        if over:
            with self.ledger.write() as work:
                for alert in over:
                    work.alerts.end(alert.id)


def _finite(seconds: float) -> float | None:
    """JSON knows no infinity."""
    return None if seconds == float("inf") else round(seconds, 1)
