"""A cut-over that no alarm ends, on a real store: what still ends it, and that it is told all the time."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from shadowbert.domain.alert import AlertKind
from shadowbert.domain.evidence import Move
from shadowbert.domain.records import VerdictRow
from shadowbert.domain.task import Stage
from shadowbert.errors import OperatorError
from shadowbert.flow.alarm import Alarm
from shadowbert.flow.govern import Govern
from shadowbert.flow.history import replay
from shadowbert.flow.labelled import told_of
from shadowbert.flow.operate import Operate, Operator
from shadowbert.flow.report import Report, TaskReport
from shadowbert.store.store import Store
from tests.flow.stationed import AUDITED, Bench, a_guess
from tests.flow.test_leaving import BAD, says

ANN = Operator("ann", "the launch is on Monday")


@pytest.fixture
def bench(sqlite_store: Store) -> Bench:
    """Cut over by force, with the alarms off."""
    bench = Bench(sqlite_store)
    bench.see(20)
    operate(bench).cutover("bank", ANN, force=True, hold=True)
    return bench


def operate(bench: Bench) -> Operate:
    return Operate(bench.store, bench.policy, lambda: bench.at)


def shown(bench: Bench) -> TaskReport:
    (task,) = Report(bench.store, bench.policy, lambda: bench.at).tasks()
    return task


def verdicts(bench: Bench) -> list[VerdictRow]:
    with bench.store.read() as work:
        return work.tasks.verdicts([bench.version_id])


def fall(bench: Bench) -> None:
    """Far enough for any alarm; nothing moves."""
    bench.see(0, 60, decider=AUDITED)
    assert bench.promote.step() == 0
    assert (bench.version.stage, bench.version.alarms_off) == (Stage.LIVE, True)


def test_no_alarm_ends_it_and_what_the_audits_say_is_told(bench: Bench) -> None:
    fall(bench)
    task = shown(bench)
    assert task.red
    assert task.without_alarms == "its alarms are switched off by ann: the launch is on Monday"
    (candidate,) = task.candidates
    assert candidate.verdict.startswith("The audits show that agreement fell more than 2 points below 95 %.")
    assert candidate.verdict.endswith("Its alarms are switched off: it goes on answering.")
    assert task.missing == "an operator's rollback"


def test_where_the_audits_have_spoken_more_of_them_are_not_bought(bench: Bench) -> None:
    bench.see(0, 4, decider=AUDITED)
    bench.promote.step()
    assert bench.version.audit_rate == 0.5
    fall(bench)
    assert bench.version.audit_rate is None


def test_it_is_red_even_when_the_gate_would_have_agreed(bench: Bench) -> None:
    bench.see(200, decider=AUDITED)
    assert bench.promote.step() == 1
    assert (bench.version.forced, bench.version.alarms_off, shown(bench).red) == (False, True, True)
    fall(bench)


def test_after_a_fall_the_gate_agrees_no_more(bench: Bench) -> None:
    """What it saw before would pass; what it sees now must not be called an agreement."""
    fall(bench)
    bench.see(3000, decider=AUDITED)
    assert (bench.promote.step(), bench.version.forced) == (0, True)


def test_a_canary_steps_up_and_stops_where_there_is_an_alarm(sqlite_store: Store) -> None:
    bench = Bench(sqlite_store)
    bench.see(20)
    operate(bench).cutover("bank", ANN, share=0.05, force=True, hold=True)
    bench.see(49, 1, decider=AUDITED)
    assert (bench.promote.step(), bench.version.share, bench.version.alarms_off) == (1, 0.25, True)
    bench.see(50, 60, decider=AUDITED)
    assert (bench.promote.step(), bench.version.stage, bench.version.share) == (0, Stage.CANARY, 0.25)


@pytest.mark.parametrize("end", [Operate.rollback, Operate.pause, Operate.off])
def test_an_operator_ends_it(bench: Bench, end: Callable[[Operate, str, Operator], object]) -> None:
    fall(bench)
    end(operate(bench), "bank", ANN)
    assert (bench.version.stage.serves, bench.version.alarms_off, shown(bench).without_alarms) == (False, False, "")


def test_lost_files_end_it(bench: Bench) -> None:
    bench.shelf.lost.add(bench.student.id)
    bench.calls(1, decider=AUDITED)
    bench.run()
    assert (bench.version.stage, bench.version.alarms_off) == (Stage.SHADOW, False)


def test_a_cutover_without_it_switches_the_alarms_on(bench: Bench) -> None:
    operate(bench).cutover("bank", ANN, force=True)
    assert not bench.version.alarms_off
    bench.see(0, 60, decider=AUDITED)
    assert (bench.promote.step(), bench.version.stage) == (1, Stage.SHADOW)


def test_it_takes_force(bench: Bench) -> None:
    with pytest.raises(OperatorError, match="takes --force"):
        operate(bench).cutover("bank", ANN, hold=True)


def test_a_new_student_that_passes_is_watched_again(sqlite_store: Store) -> None:
    """The first student is sure of every second call, the new one of all."""
    bench = Bench(sqlite_store)
    operate(bench).cutover("bank", ANN, force=True, hold=True)
    newcomer = bench.newcomer()
    for n in range(300):
        text, says = f"text {n}", n % 3
        bench.shelf.says[text] = a_guess(says)
        bench.shelf.says[f"{bench.student.id}:{text}"] = a_guess(says, joint=0.9 if n % 2 else 0.4)
    bench.add([bench.call(f"text {n}", answer=(n % 3,), decider=AUDITED) for n in range(300)])
    bench.run()
    while bench.promote.step():
        pass
    assert (bench.version.candidate_id, bench.version.alarms_off) == (newcomer.id, False)


def test_a_change_of_policy_is_no_end_of_it(bench: Bench) -> None:
    bench.see(200, decider=AUDITED)
    bench.promote.step()
    govern = Govern(bench.store, bench.policy, lambda: bench.at)
    govern.change("bank", ANN, {"target": 0.99})
    assert (bench.version.stage, bench.version.alarms_off) == (Stage.LIVE, True)


def test_the_verdicts_rebuild_it(bench: Bench) -> None:
    fall(bench)
    founded = replace(bench.version, stage=Stage.COLLECTING, share=0.0, epoch=0, stage_seq=0, candidate_id=None,
                      forced=False, alarms_off=False)  # fmt: skip
    assert replay(founded, verdicts(bench)) == bench.version
    last = verdicts(bench)[-1]
    assert (last.by, last.alarms_off, last.verdict.move) == ("ann", True, Move.PROMOTE)
    assert "Cut over by ann, forced, alarms off." in last.verdict.reason


def test_people_are_told_what_the_alarm_would_have_done(bench: Bench) -> None:
    alarm = Alarm(bench.store, bench.policy, lambda: bench.at)
    alarm.step()
    fall(bench)
    bench.at += 120
    alarm.step()
    with bench.store.read() as work:
        alerts = work.alerts.latest(limit=9)
    texts = {alert.kind: alert.event.text for alert in alerts}
    assert "(forced, alarms off)" in texts[AlertKind.PROMOTED]
    assert texts[AlertKind.UNSUPPORTED].endswith("Its alarms are switched off: it goes on answering.")


def test_a_bad_label_is_said_to_serve_on(bench: Bench) -> None:
    says(bench, BAD, 0, 30)
    (candidate,) = shown(bench).candidates
    assert candidate.labels.words == "2 pooled, 1 agreeing too seldom and serving on"
    assert [told_of(line) for line in candidate.labels.weak][:1] == [
        "label=transfer: 6 of 36 agree (16.6 %), agrees too seldom: serves on, for the alarms are switched off"
    ]
