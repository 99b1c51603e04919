"""Delivery on a real store and a real server: tried again, given up after a day, never waited for."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.alert import DAY_S, HOUR_S, Alert, AlertKind, Event
from shadowbert.flow.delivery import A_ROUND, FIRST_WAIT_S, Delivery, wait_s
from shadowbert.flow.promote import GATE
from shadowbert.store.store import Store
from shadowbert.webhook import Webhook
from tests.flow.hooks import Hook
from tests.flow.stationed import Bench
from tests.receiver import HANG, Receiver
from tests.store.rows import AT
from tests.store.test_alerts import an_alert


@dataclass
class Desk:
    store: Store
    hook: Hook = field(default_factory=Hook)
    now: float = AT

    def __post_init__(self) -> None:
        self.delivery = Delivery(self.store, self.hook, lambda: self.now, draw=lambda: 1.0)

    def add(self, key: str = "k", at: float = AT) -> Alert:
        alert = an_alert(key, at=at, next_try_at=at)
        with self.store.write() as work:
            work.alerts.add(alert)
        return alert

    def round(self) -> int:
        """One step, and what it set going."""
        due = self.delivery.step()
        finished(self.delivery)
        return due

    def of(self, alert: Alert) -> Alert:
        with self.store.read() as work:
            found = work.alerts.get(alert.id)
        assert found is not None
        return found


def finished(delivery: Delivery) -> None:
    thread = delivery._thread
    if thread is not None:
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def desk(sqlite_store: Store) -> Desk:
    return Desk(sqlite_store)


def test_an_alert_is_delivered_once(desk: Desk) -> None:
    alert = desk.add()
    assert (desk.round(), desk.round()) == (1, 0)
    assert desk.hook.sent == [alert.message()]
    assert (desk.of(alert).delivered_at, desk.of(alert).attempts) == (AT, 1)


def test_what_fails_is_tried_again_later_and_later(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    alert, desk.hook.refusals = desk.add(), 2
    desk.round()
    assert desk.of(alert).last_error == "hooks.test answered with status 500"
    assert (desk.round(), desk.hook.tries) == (0, 1), "not before its time"
    desk.now += FIRST_WAIT_S
    desk.round()
    desk.now += FIRST_WAIT_S
    assert desk.round() == 0
    desk.now += FIRST_WAIT_S
    desk.round()
    done = desk.of(alert)
    assert (done.attempts, done.delivered_at, done.last_error) == (3, desk.now, "")
    assert caplog.text.count("was not delivered") == 2


def test_after_a_day_it_is_given_up_and_says_so(desk: Desk) -> None:
    alert, desk.hook.refusals = desk.add(), 1000
    while (due := desk.of(alert).next_try_at) is not None:
        desk.now = due
        desk.round()
    lost = desk.of(alert)
    assert DAY_S - HOUR_S <= desk.now - AT <= DAY_S
    assert 24 <= lost.attempts <= 40
    assert lost.last_error.startswith(f"given up after {lost.attempts} tries: hooks.test")
    desk.now += DAY_S
    assert desk.round() == 0


def test_a_try_that_a_crash_cut_short_is_made_again(desk: Desk) -> None:
    alert = desk.add()
    with desk.store.write() as work:
        assert work.alerts.claim(alert, until=AT + 5)
    assert desk.round() == 0
    desk.now += 5
    desk.round()
    assert desk.of(alert).delivered_at == desk.now


def test_two_who_see_the_same_alert_send_it_once(desk: Desk) -> None:
    alert = desk.add()
    for _ in range(2):
        desk.delivery.deliver(desk.hook, alert)
    assert len(desk.hook.sent) == 1


def test_few_at_a_time_the_oldest_first(desk: Desk) -> None:
    alerts = [desk.add(f"k{n}", at=AT - n) for n in range(A_ROUND + 2)]
    assert (desk.round(), desk.round(), desk.round()) == (A_ROUND, 2, 0)
    assert [sent["id"] for sent in desk.hook.sent] == [alert.id for alert in reversed(alerts)]


def test_where_nobody_wants_them_nothing_is_sent(desk: Desk) -> None:
    desk.add()
    desk.delivery.post = None
    assert desk.round() == 0


def test_a_store_that_goes_away_is_waited_for(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    alert = desk.add()
    gone = Delivery(Store("sqlite:///nowhere/at/all.db"), desk.hook, lambda: AT)
    gone._run(desk.hook, [alert])
    assert "alerts wait for the store" in caplog.text
    assert desk.hook.tries == 0


@given(st.integers(1, 1000), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_never_long_and_never_none(attempts: int, drawn: float) -> None:
    assert FIRST_WAIT_S / 2 <= wait_s(attempts, drawn) <= HOUR_S
    assert wait_s(attempts, drawn) <= wait_s(attempts + 1, drawn)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().open() as opened:
        yield opened


def test_a_real_server_that_fails_twice_gets_the_same_alert_three_times(desk: Desk, receiver: Receiver) -> None:
    receiver.script = [503, 302]
    desk.delivery.post, alert = Webhook(receiver.url), desk.add()
    for _ in range(3):
        desk.round()
        desk.now += 60
    assert [message["id"] for message in receiver.messages] == [alert.id] * 3
    assert set(receiver.messages[0]) == {"id", "kind", "task", "version", "text", "facts", "at"}
    assert desk.of(alert).delivered_at is not None


def test_a_webhook_that_hangs_does_not_hold_up_the_gate(sqlite_store: Store, receiver: Receiver) -> None:
    """While a delivery hangs, with patience without end, the gate looks and moves a version."""
    bench, desk = Bench(sqlite_store), Desk(sqlite_store)
    receiver.script = [HANG]
    desk.delivery.post = Webhook(receiver.url, timeout_s=600)
    alert = desk.add()
    assert desk.delivery.step() == 1
    eventually(lambda: receiver.bodies)
    bench.see(150)
    assert (bench.promote.step(), desk.delivery.step()) == (1, 0)
    with sqlite_store.read() as work:
        assert work.marks.at(GATE) == bench.at
    assert desk.of(alert).delivered_at is None, "it hangs still"
    receiver.over.set()
    finished(desk.delivery)


def eventually(fact: Callable[[], object]) -> None:
    for _ in range(1000):
        if fact():
            return
        threading.Event().wait(0.01)
    pytest.fail("it never came")


def test_a_callers_name_calls_nobody_in_a_chat_room() -> None:
    event = Event(AlertKind.PROMOTED, "k", "Task <!channel> & co", "<!channel> & co")
    message: Mapping[str, object] = replace(an_alert(), event=event).message()
    assert (message["text"], message["task"]) == ("Task &lt;!channel&gt; &amp; co", "<!channel> & co")


def test_the_log_says_no_address(desk: Desk, receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    receiver.script = [500]
    desk.delivery.post, alert = Webhook(receiver.url), desk.add()
    desk.round()
    assert "s3cret" not in caplog.text + desk.of(alert).last_error
    assert "127.0.0.1 answered with status 500" in caplog.text
