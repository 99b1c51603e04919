"""The station that tells people: it compares what is with what was told last, and writes each alert once.

Verdicts are told by their number, up to a mark; conditions once while they hold. Sends nothing: delivery does.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from shadowbert.domain.alert import Alert, AlertKind, Event
from shadowbert.domain.ids import uuid7
from shadowbert.domain.task import Policy
from shadowbert.flow.conditions import LASTING, Conditions
from shadowbert.flow.ledger import Ledger, Work
from shadowbert.flow.occasions import of_verdict

log = logging.getLogger(__name__)

MARK = "alerts"
AT_ONCE = 100
LOOK_EVERY_S = 60.0
"""Conditions change in hours, and to look costs as much as a page does."""


@dataclass(slots=True)
class Alarm:
    ledger: Ledger
    policy: Policy
    clock: Callable[[], float]
    stuck_days: float = 7.0
    wanted: bool = False
    """Whether somebody wants alerts delivered."""
    _looked_at: float | None = field(default=None, init=False)

    def step(self) -> int:
        """Returns how many alerts there are more."""
        return self._tell_verdicts() + (self._tell_conditions() if self._due() else 0)

    def _due(self) -> bool:
        return self._looked_at is None or abs(self.clock() - self._looked_at) >= LOOK_EVERY_S

    def _tell_verdicts(self) -> int:
        with self.ledger.read() as work:
            rows = work.tasks.verdicts_after(work.marks.seq(MARK), limit=AT_ONCE)
            versions = {row.version_id: work.tasks.version(row.version_id) for row in rows}
        if not rows:
            return 0
        events = [(row, version) for row in rows if (version := versions[row.version_id]) is not None]
        with self.ledger.write() as work:
            work.marks.set(MARK, seq=rows[-1].id)
            return self._tell(work, [event for row, version in events if (event := of_verdict(row, version))])

    def _tell_conditions(self) -> int:
        now = self.clock()
        with self.ledger.read() as work:
            holding = list(Conditions(work, self.policy, now, self.stuck_days).holding())
            standing = work.alerts.standing(LASTING | {AlertKind.TRAINING_FAILED})
        keys, told = {event.key for event in holding}, {alert.event.key for alert in standing}
        ended = [alert for alert in standing if alert.kind in LASTING and alert.event.key not in keys]
        over = [alert for alert in ended if now - alert.at >= alert.kind.quiet_s]
        news = [event for event in holding if event.key not in told]
        self._looked_at = now
        if not over and not news:
            return 0
        with self.ledger.write() as work:
            for alert in over:
                work.alerts.end(alert.id)
            return self._tell(work, news)

    def _tell(self, work: Work, events: list[Event]) -> int:
        """Those that nobody told before."""
        return sum(tell(work, event, at=self.clock(), wanted=self.wanted) is not None for event in events)


def tell(work: Work, event: Event, *, at: float, wanted: bool) -> Alert | None:
    """Write the alert and say so in the log; None where there was one already. `wanted`: it is to be delivered."""
    alert = Alert(uuid7(), event, at, next_try_at=at if wanted else None)
    if not work.alerts.add(alert):
        return None
    log.log(level(event), "alert %s: %s", event.kind, event.text)
    return alert


def level(event: Event) -> Literal[20, 30]:
    return logging.INFO if event.kind.good else logging.WARNING
