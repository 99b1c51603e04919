"""What people see of alerts, and the test that shows whether they arrive. Raises none by itself."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from shadowbert.domain.alert import Alert, AlertKind, Event
from shadowbert.domain.ids import uuid7
from shadowbert.errors import OperatorError, WebhookError
from shadowbert.flow.delivery import Post
from shadowbert.flow.ledger import Ledger
from shadowbert.flow.operate import Operator

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Alerts:
    ledger: Ledger
    post: Post | None
    clock: Callable[[], float]

    def latest(self, limit: int = SHOWN) -> list[Alert]:
        """Newest first."""
        with self.ledger.read() as work:
            return work.alerts.latest(limit=limit)

    def test(self, who: Operator) -> Alert:
        """Send one now, once, and keep what came of it. Raises OperatorError where no webhook is set."""
        if self.post is None:
            raise OperatorError(
                "no webhook is set: say alerts.webhook_url in the settings, or SHADOWBERT_ALERTS__WEBHOOK_URL"
            )
        at, name = self.clock(), uuid7()
        event = Event(AlertKind.TEST, f"test:{name}", f"A test by {who.name}: alerts of shadowbert arrive here.")
        alert = Alert(name, event, at, attempts=1)
        try:
            self.post.post(alert.message())
            tried = replace(alert, delivered_at=self.clock())
        except WebhookError as error:
            tried = replace(alert, last_error=str(error))
        with self.ledger.write() as work:
            work.alerts.add(tried)
        return tried


def delivery_of(alert: Alert) -> str:
    """What became of it, in words."""
    tries = f"after {alert.attempts} {'try' if alert.attempts == 1 else 'tries'}"
    if alert.delivered_at is not None:
        return "delivered" if alert.attempts <= 1 else f"delivered {tries}"
    if alert.last_error:
        return f"{alert.last_error}; it is tried again" if alert.next_try_at is not None else alert.last_error
    return "waits for delivery" if alert.next_try_at is not None else "not sent: no webhook is set"


def alert_data(alert: Alert) -> dict[str, object]:
    """As plain JSON values: what a webhook is sent, the text as it is, and how the delivery went."""
    return alert.message() | {
        "text": alert.event.text,
        "good": alert.kind.good,
        "delivered_at": alert.delivered_at,
        "attempts": alert.attempts,
        "next_try_at": alert.next_try_at,
        "last_error": alert.last_error,
        "delivery": delivery_of(alert),
    }
