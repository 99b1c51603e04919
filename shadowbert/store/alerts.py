"""Alerts: rows that are only ever added; later only their delivery is noted, and that a condition ended."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, func, select, update

from shadowbert.domain.alert import Alert, AlertKind, Event
from shadowbert.store.base import Repository
from shadowbert.store.tables import alerts


class Alerts(Repository):
    def add(self, alert: Alert) -> bool:
        """False where there is one with this key already."""
        event = alert.event
        values = {
            "id": alert.id,
            "key": event.key,
            "kind": event.kind.value,
            "task": event.task,
            "version_id": event.version,
            "text": event.text,
            "facts": dict(event.facts),
            "at": alert.at,
            "delivered_at": alert.delivered_at,
            "attempts": alert.attempts,
            "next_try_at": alert.next_try_at,
            "last_error": alert.last_error,
        }
        return self._insert_first(alerts, values)

    def standing(self, kinds: Collection[AlertKind]) -> list[Alert]:
        """Those of these kinds whose condition has not ended."""
        query = select(alerts).where(alerts.c.kind.in_([kind.value for kind in kinds]), alerts.c.key.is_not(None))
        return [_alert(row) for row in self._db.execute(query.order_by(alerts.c.at, alerts.c.id))]

    def end(self, alert_id: str) -> None:
        """Its condition is over: should it come back, that is another alert."""
        self._db.execute(update(alerts).where(alerts.c.id == alert_id).values(key=None))

    def due(self, now: float, *, limit: int) -> list[Alert]:
        """The oldest that wait for delivery."""
        query = select(alerts).where(alerts.c.next_try_at <= now).order_by(alerts.c.at, alerts.c.id).limit(limit)
        return [_alert(row) for row in self._db.execute(query)]

    def claim(self, alert: Alert, *, until: float) -> bool:
        """Take it upon oneself to try a delivery; whoever also saw it due gets False until then."""
        unchanged = (alerts.c.id == alert.id) & (alerts.c.attempts == alert.attempts) & alerts.c.delivered_at.is_(None)
        values = {"attempts": alert.attempts + 1, "next_try_at": until}
        return self._db.execute(update(alerts).where(unchanged).values(values)).rowcount == 1

    def delivered(self, alert_id: str, *, at: float) -> None:
        values = {"delivered_at": at, "next_try_at": None, "last_error": ""}
        self._db.execute(update(alerts).where(alerts.c.id == alert_id).values(values))

    def failed(self, alert_id: str, error: str, *, attempt: int, next_try_at: float | None) -> None:
        """Of this try. Nothing where it was slow enough for somebody else to have tried since, or got through."""
        latest = (alerts.c.id == alert_id) & (alerts.c.attempts == attempt) & alerts.c.delivered_at.is_(None)
        values = {"last_error": error, "next_try_at": next_try_at}
        self._db.execute(update(alerts).where(latest).values(values))

    def get(self, alert_id: str) -> Alert | None:
        row = self._db.execute(select(alerts).where(alerts.c.id == alert_id)).first()
        return _alert(row) if row else None

    def latest(self, *, limit: int) -> list[Alert]:
        """Newest first."""
        query = select(alerts).order_by(alerts.c.at.desc(), alerts.c.id.desc()).limit(limit)
        return [_alert(row) for row in self._db.execute(query)]

    def counts(self) -> dict[AlertKind, int]:
        query = select(alerts.c.kind, func.count().label("told")).group_by(alerts.c.kind)
        return {AlertKind(row.kind): row.told for row in self._db.execute(query)}

    def undelivered(self) -> int:
        """How many still wait for delivery."""
        return int(self._db.execute(select(func.count()).where(alerts.c.next_try_at.is_not(None))).scalar_one())


def _alert(row: Row[Any]) -> Alert:
    return Alert(
        id=row.id,
        event=Event(AlertKind(row.kind), row.key or "", row.text, row.task, row.version_id, row.facts),
        at=row.at,
        delivered_at=row.delivered_at,
        attempts=row.attempts,
        next_try_at=row.next_try_at,
        last_error=row.last_error,
    )
