"""The station that has alerts delivered: at least once each, tried again for a day, never waited for.

Any process of the store may run it: who tries an alert claims it first. Knows a port that posts, no addresses.
"""

import logging
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from shadowbert.domain.alert import DAY_S, HOUR_S, Alert
from shadowbert.errors import StoreError, WebhookError
from shadowbert.flow.ledger import Ledger

log = logging.getLogger(__name__)

FIRST_WAIT_S = 10.0
A_ROUND = 5
"""Alerts that are tried one after the other before the store is asked again."""


class Post(Protocol):
    def post(self, message: Mapping[str, object]) -> int:
        """The status of a delivery that succeeded. Raises WebhookError."""
        ...


def wait_s(attempts: int, drawn: float) -> float:
    """From a try that failed to the next one, after so many; `drawn` is uniform in [0, 1) and keeps hosts apart.

    >>> [wait_s(n, 1.0) for n in (1, 2, 3, 50)], wait_s(1, 0.0)
    ([10.0, 20.0, 40.0, 3600.0], 5.0)
    """
    return min(HOUR_S, FIRST_WAIT_S * 2.0 ** min(attempts - 1, 20)) * (1 + drawn) / 2


@dataclass(slots=True)
class Delivery:
    ledger: Ledger
    post: Post | None
    """None: nobody wants alerts delivered."""
    clock: Callable[[], float]
    draw: Callable[[], float] = random.random
    _thread: threading.Thread | None = field(default=None, init=False)

    def step(self) -> int:
        """See that somebody is at it, and come back at once: a webhook that hangs must not hold up the gate. Returns
        how many alerts were due.
        """
        if self.post is None or (self._thread is not None and self._thread.is_alive()):
            return 0
        with self.ledger.read() as work:
            due = work.alerts.due(self.clock(), limit=A_ROUND)
        if due:
            self._thread = threading.Thread(target=self._run, args=(self.post, due), name="alerts", daemon=True)
            self._thread.start()
        return len(due)

    def _run(self, post: Post, due: list[Alert]) -> None:
        try:
            for alert in due:
                self.deliver(post, alert)
        except StoreError as error:
            log.warning("alerts wait for the store: %s", error)

    def deliver(self, post: Post, alert: Alert) -> None:
        """One try, noted in the store. Nothing where somebody else tries."""
        now, attempts = self.clock(), alert.attempts + 1
        again = now + wait_s(attempts, self.draw())
        with self.ledger.write() as work:
            if not work.alerts.claim(alert, until=again):
                return
        try:
            post.post(alert.message())
        except WebhookError as error:
            self._failed(alert, str(error), again)
            return
        with self.ledger.write() as work:
            work.alerts.delivered(alert.id, at=self.clock())

    def _failed(self, alert: Alert, error: str, again: float) -> None:
        attempt, gave_up = alert.attempts + 1, again > alert.at + DAY_S
        said = f"given up after {attempt} tries: {error}" if gave_up else error
        log.warning("alert %s was not delivered: %s", alert.kind, said)
        with self.ledger.write() as work:
            work.alerts.failed(alert.id, said, attempt=attempt, next_try_at=None if gave_up else again)
