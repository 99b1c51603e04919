"""What people are told, once: of every move that matters, and of conditions while they hold."""

import logging
from dataclasses import dataclass, field, replace

import pytest

from shadowbert.domain.alert import DAY_S, Alert, AlertKind
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.alarm import LOOK_EVERY_S, Alarm
from shadowbert.flow.operate import Operate, Operator
from shadowbert.store.store import Store, StoreSink
from shadowbert.testing.exchanges import an_exchange
from tests.flow.stationed import AUDITED, Bench
from tests.store.rows import AT

ANN = Operator("ann", "a hunch")
ASKING = Policy(autopilot=False)


@dataclass
class Told:
    """A station of alarm on a bench, and what it has told since it was asked last."""

    bench: Bench
    wanted: bool = False
    heard: int = 0
    alarm: Alarm = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        bench = self.bench
        self.alarm = Alarm(bench.store, bench.policy, lambda: bench.at, stuck_days=7, wanted=self.wanted)

    def alerts(self) -> list[Alert]:
        with self.bench.store.read() as work:
            return work.alerts.latest(limit=100)[::-1]

    def news(self, *, after_s: float = LOOK_EVERY_S) -> list[AlertKind]:
        self.bench.at += after_s
        count = self.alarm.step()
        fresh = self.alerts()[self.heard :]
        self.heard += len(fresh)
        assert len(fresh) == count
        return [alert.kind for alert in fresh]

    @property
    def last(self) -> Alert:
        return self.alerts()[-1]


def told(store: Store, policy: Policy | None = None) -> Told:
    one = Told(Bench(store, policy=policy or Policy()))
    assert one.news() == [], "a task that comes into shadow is no news"
    return one


@pytest.fixture
def normal(sqlite_store: Store) -> Told:
    return told(sqlite_store)


@pytest.fixture
def asking(sqlite_store: Store) -> Told:
    return told(sqlite_store, ASKING)


def go_live(bench: Bench) -> None:
    bench.see(150)
    for _ in range(3):
        assert bench.promote.step() == 1
        bench.see(50, decider=AUDITED)
    assert bench.version.stage is Stage.LIVE


def operate(bench: Bench) -> Operate:
    return Operate(bench.store, bench.policy, lambda: bench.at)


def test_each_step_up_and_the_fall_are_told_once(normal: Told, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shadowbert.flow.alarm")
    bench = normal.bench
    go_live(bench)
    assert normal.news() == [AlertKind.PROMOTED] * 3
    moves = sorted(normal.alerts(), key=lambda alert: alert.event.key)  # told in one step they are of one moment
    texts = [alert.event.text for alert in moves]
    assert texts[0].startswith(
        "Task bank: the student answers what it is sure of in 5 % of calls. Agreement is above 95"
    )
    assert "in 25 % of calls." in texts[1]
    assert texts[2].startswith("Task bank: the student answers what it is sure of. 50 checked calls")
    bench.see(0, 40, decider=AUDITED)
    assert bench.promote.step() == 1
    assert normal.news() == [AlertKind.ROLLED_BACK]
    assert normal.last.event.text.startswith("Task bank is back on the LLM, in stage shadow. The audits show that")
    assert (normal.last.event.task, normal.last.event.version) == ("bank", bench.version_id)
    assert normal.last.event.facts["from"] == "live"
    assert normal.news() == []
    levels = [(record.levelname, "alert " in record.message) for record in caplog.records]
    assert levels == [("INFO", True)] * 3 + [("WARNING", True)]


def test_a_restart_tells_nothing_twice_and_forgets_nothing(normal: Told) -> None:
    normal.bench.see(150)
    assert normal.bench.promote.step() == 1
    normal.restart()
    assert normal.news() == [AlertKind.PROMOTED]
    normal.restart()
    assert normal.news() == []


def test_an_operators_hand_is_told_too(normal: Told) -> None:
    go_live(normal.bench)
    normal.news()
    operate(normal.bench).rollback("bank", ANN)
    assert normal.news() == [AlertKind.ROLLED_BACK]
    assert normal.last.event.text.endswith("Rolled back by ann: a hunch.")
    operate(normal.bench).cutover("bank", ANN, force=True)
    assert normal.news() == [AlertKind.PROMOTED]
    assert "(forced)" in normal.last.event.text
    operate(normal.bench).pause("bank", ANN)
    assert normal.news() == [AlertKind.ROLLED_BACK]
    operate(normal.bench).resume("bank", ANN)
    assert normal.news() == [], "nobody asked when it begins to gather evidence"


def test_readiness_is_told_where_a_person_is_asked(asking: Told) -> None:
    bench = asking.bench
    bench.see(99)
    assert asking.news() == []
    bench.see(30)
    assert bench.promote.step() == 0
    assert asking.news() == [AlertKind.READY]
    assert asking.last.event.text.endswith("It waits for a person: shadowbert cutover bank --share 0.05")
    asking.restart()
    assert asking.news() == []
    operate(bench).cutover("bank", ANN, share=0.05)
    assert asking.news() == [AlertKind.PROMOTED]
    bench.see(60, decider=AUDITED)
    assert asking.news() == [AlertKind.READY], "the next step is another one to ask for"
    assert "--share 0.25" in asking.last.event.text


def test_autopilot_asks_nobody(normal: Told) -> None:
    normal.bench.see(150)
    assert normal.news() == []


def test_no_ruling_for_a_week_is_told_once_with_what_is_missing(normal: Told) -> None:
    bench = normal.bench
    bench.see(30)
    assert normal.news(after_s=6.9 * DAY_S) == []
    lately(bench)
    assert normal.news(after_s=0.2 * DAY_S) == [AlertKind.STUCK]
    assert "has been in stage shadow for 7 days." in normal.last.event.text
    assert "Missing: " in normal.last.event.text
    lately(bench)
    assert normal.news(after_s=3 * DAY_S) == []


def test_nobody_waits_for_what_nobody_calls(normal: Told) -> None:
    normal.bench.see(30)
    assert normal.news(after_s=30 * DAY_S) == []


def lately(bench: Bench) -> None:
    """Its latest call came in now."""
    row, sink = bench.call(f"lately {bench.at}"), StoreSink(bench.store)
    start = sink.offset("s")
    sink.load("s", start=start, end=start + 1, exchanges=[an_exchange(id=row.exchange_id, received_at=bench.at)])
    with bench.store.write() as work:
        work.calls.add([replace(row, seq=work.exchanges.last_seq())])


def doubtful(bench: Bench) -> None:
    """Two hundred audits of which eleven disagree, too far apart for an alarm."""
    for _ in range(11):
        bench.see(17, 1, decider=AUDITED)
    bench.see(2, decider=AUDITED)
    assert bench.promote.step() == 0


def test_audits_that_do_not_support_the_target_are_told_and_again_when_they_fail_again(normal: Told) -> None:
    bench = normal.bench
    go_live(bench)
    normal.news()
    doubtful(bench)
    assert normal.news() == [AlertKind.UNSUPPORTED]
    assert "do not support 95 %" in normal.last.event.text
    bench.see(200, decider=AUDITED)
    assert normal.news() == []
    assert normal.news(after_s=DAY_S) == [], "it is over: that arms it again"
    doubtful(bench)
    assert normal.news() == [AlertKind.UNSUPPORTED]


def test_what_comes_and_goes_within_a_day_is_told_once(normal: Told) -> None:
    go_live(normal.bench)
    normal.news()
    heard = []
    for _ in range(4):
        doubtful(normal.bench)
        heard += normal.news()
        normal.bench.see(200, decider=AUDITED)
        heard += normal.news()
    assert heard == [AlertKind.UNSUPPORTED]


def test_a_failed_training_is_told_once_and_one_that_was_not_worth_a_try_is_not(normal: Told) -> None:
    bench = normal.bench
    with bench.store.write() as work:
        job = work.jobs.queue(bench.version_id, cause="asked", at=AT)
        work.jobs.finish(job.id, state="failed", message="only one label", at=AT)
    assert normal.news() == []
    with bench.store.write() as work:
        job = work.jobs.queue(bench.version_id, cause="asked", at=AT + 1)
        work.jobs.start(job.id, examples=400)
        work.jobs.finish(job.id, state="failed", message="out of memory; tried 3 times", at=AT)
    assert normal.news() == [AlertKind.TRAINING_FAILED]
    assert "on 400 examples failed: out of memory; tried 3 times." in normal.last.event.text
    normal.restart()
    assert normal.news(after_s=2 * DAY_S) == []


def test_a_target_above_what_the_teacher_allows_is_told_before_anybody_waits(normal: Told) -> None:
    bench = normal.bench
    bench.add([bench.call(f"asked twice {n}", answer=(said if n < 120 else 1,)) for n in range(200) for said in (0, 1)])
    assert normal.news() == [AlertKind.CEILING]
    assert normal.last.event.text.startswith("Task bank: target 95 % is above the ceiling on all calls")
    normal.restart()
    assert normal.news() == []


def test_a_target_that_is_in_reach_is_not_called_hopeless(normal: Told) -> None:
    bench = normal.bench
    bench.add([bench.call(f"asked twice {n}", answer=(said if n < 10 else 1,)) for n in range(200) for said in (0, 1)])
    assert normal.news() == []


def test_sleepers_and_the_replaced_raise_nothing(asking: Told) -> None:
    asking.bench.see(150)
    operate(asking.bench).pause("bank", ANN)
    assert asking.news() == []


def test_what_is_wanted_is_due_at_once_and_else_never(sqlite_store: Store) -> None:
    one = told(sqlite_store)
    one.bench.see(150)
    one.bench.promote.step()
    one.news()
    assert one.last.next_try_at is None
    one.wanted = True
    one.restart()
    operate(one.bench).rollback("bank", ANN)
    one.news()
    assert one.last.next_try_at == one.last.at
