"""Alerts, on both back ends."""

from dataclasses import replace
from typing import Any

from shadowbert.domain.alert import Alert, AlertKind, Event
from shadowbert.domain.evidence import Move
from shadowbert.domain.ids import uuid7
from shadowbert.domain.task import Stage
from shadowbert.store.store import Store
from tests.store.rows import AT, a_house, a_transition, a_verdict, a_version


def an_alert(key: str = "verdict:1", kind: AlertKind = AlertKind.PROMOTED, **changes: Any) -> Alert:
    event = Event(kind, key, f"Task bank: {key}.", "bank", uuid7(), {"agree": 3, "by": "gate"})
    return replace(Alert(uuid7(), event, AT, next_try_at=AT), **changes)


def test_an_alert_comes_back_as_it_was(store: Store) -> None:
    alert = an_alert()
    with store.write() as work:
        assert work.alerts.add(alert)
    with store.read() as work:
        assert work.alerts.get(alert.id) == alert
        assert work.alerts.latest(limit=9) == work.alerts.due(AT, limit=9) == [alert]
        assert work.alerts.get(uuid7()) is None


def test_what_was_told_is_not_told_again_until_it_ends(store: Store) -> None:
    first = an_alert("stuck:v1", AlertKind.STUCK)
    with store.write() as work:
        assert work.alerts.add(first)
        assert not work.alerts.add(an_alert("stuck:v1", AlertKind.STUCK)), "a restart must not tell it twice"
        assert work.alerts.standing({AlertKind.STUCK}) == [first]
        assert work.alerts.standing({AlertKind.CEILING}) == []
        work.alerts.end(first.id)
        assert work.alerts.standing({AlertKind.STUCK}) == []
        assert work.alerts.add(an_alert("stuck:v1", AlertKind.STUCK))
        work.alerts.end(first.id)
        assert len(work.alerts.latest(limit=9)) == 2


def test_one_of_those_who_see_it_due_may_try(store: Store) -> None:
    alert = an_alert()
    with store.write() as work:
        work.alerts.add(alert)
        assert work.alerts.claim(alert, until=AT + 5)
        assert not work.alerts.claim(alert, until=AT + 5)
        assert work.alerts.due(AT + 4, limit=9) == []
        (again,) = work.alerts.due(AT + 5, limit=9)
        assert again.attempts == 1


def test_the_delivery_is_noted(store: Store) -> None:
    good, bad = an_alert(), an_alert("verdict:2", at=AT + 1)
    with store.write() as work:
        for alert in (good, bad):
            work.alerts.add(alert)
        assert work.alerts.undelivered() == 2
        work.alerts.failed(good.id, "status 500", attempt=0, next_try_at=AT + 60)
        work.alerts.delivered(good.id, at=AT + 61)
        work.alerts.failed(bad.id, "given up", attempt=0, next_try_at=None)
        assert work.alerts.undelivered() == 0
        newest, oldest = work.alerts.latest(limit=9)
        assert (oldest.delivered_at, oldest.last_error, oldest.next_try_at) == (AT + 61, "", None)
        assert (newest.delivered_at, newest.last_error) == (None, "given up")
        assert not work.alerts.claim(replace(good, attempts=0), until=AT + 99), "it is through"


def test_a_slow_failure_undoes_nothing(store: Store) -> None:
    """Whoever slept through its own claim does not know that another one tried, or got through."""
    alert = an_alert()
    with store.write() as work:
        work.alerts.add(alert)
        assert work.alerts.claim(alert, until=AT + 5)
        assert work.alerts.claim(replace(alert, attempts=1), until=AT + 90)
        work.alerts.failed(alert.id, "slow", attempt=1, next_try_at=AT + 5)
        assert [a.next_try_at for a in work.alerts.latest(limit=9)] == [AT + 90]
        work.alerts.delivered(alert.id, at=AT + 7)
        work.alerts.failed(alert.id, "slow", attempt=2, next_try_at=AT + 5)
        (through,) = work.alerts.latest(limit=9)
        assert (through.delivered_at, through.next_try_at, through.last_error) == (AT + 7, None, "")
        assert work.alerts.undelivered() == 0


def test_they_are_counted_by_kind(store: Store) -> None:
    with store.write() as work:
        for n, kind in enumerate((AlertKind.PROMOTED, AlertKind.PROMOTED, AlertKind.TEST)):
            work.alerts.add(an_alert(f"k:{n}", kind))
        assert work.alerts.counts() == {AlertKind.PROMOTED: 2, AlertKind.TEST: 1}


def test_verdicts_of_any_version_are_read_on_from_the_last_one(store: Store) -> None:
    house, other = a_house(store).version, a_version(task="other")
    with store.write() as work:
        work.tasks.found(other)
        work.tasks.move(other, a_verdict(), a_transition(Stage.SHADOW))
        rows = work.tasks.verdicts_after(0, limit=9)
        assert [row.version_id for row in rows] == [house.id, other.id]
        assert work.tasks.verdicts_after(rows[0].id, limit=9) == rows[1:]
        assert work.tasks.verdicts_after(0, limit=1) == rows[:1]


def test_a_stage_began_with_the_move_and_not_with_what_was_said_in_it(store: Store) -> None:
    founded = a_version(created_at=AT - 9)
    with store.write() as work:
        work.tasks.found(founded)
        assert work.tasks.stage_since(founded) == AT - 9
        moved = work.tasks.move(founded, a_verdict(move=Move.PROMOTE), a_transition(Stage.CANARY, at=AT + 1))
        noted = work.tasks.move(moved, a_verdict(), a_transition(Stage.CANARY, at=AT + 7))
        assert work.tasks.stage_since(noted) == AT + 1
