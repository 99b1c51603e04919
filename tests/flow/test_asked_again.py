"""Clients who ask again after the student's answers, in canary, on a real store: held up, taken down, or let pass."""

from dataclasses import replace

import pytest

from shadowbert.domain.evidence import Move, Ruling
from shadowbert.domain.route import Decider, Source
from shadowbert.domain.task import Stage
from shadowbert.flow.operate import Operate, Operator
from shadowbert.flow.report import Report
from shadowbert.store.store import Store, StoreSink
from shadowbert.testing.exchanges import an_exchange
from tests.flow.stationed import AUDITED, Bench, a_guess
from tests.store.rows import AT


@pytest.fixture
def bench(sqlite_store: Store) -> Bench:
    """In canary at 5 %."""
    bench = Bench(sqlite_store)
    bench.see(150)
    assert bench.promote.step() == 1
    return bench


def asked(bench: Bench, count: int, *, local: bool, again: bool) -> None:
    """So many inputs that the student is sure of, each asked by a client that asks again after ten seconds or not."""
    sink = StoreSink(bench.store)
    for n in range(count):
        text = f"text {bench.texts + n}"
        bench.shelf.says[text] = a_guess(n % 3)
        for at in (0.0, 10.0) if again else (0.0,):
            exchange = an_exchange(received_at=AT + at, total_ms=500.0)
            start = sink.offset("asked")
            sink.load("asked", start=start, end=start + 1, exchanges=[exchange])
            row = bench.call(text, answer=(n % 3,), decider=Decider.SHARE)
            row = replace(row, exchange_id=exchange.id, prediction=bench.predicted(bench.first, a_guess(n % 3)))
            if local:
                row = replace(row, decider=Decider.STUDENT, source=Source.STUDENT, answer=None)
            with bench.store.write() as work:
                work.calls.add([replace(row, seq=work.exchanges.last_seq())])
    bench.texts += count
    bench.run()


def test_clients_who_repeat_whoever_answers_hold_nothing_up(bench: Bench) -> None:
    """All of them do."""
    asked(bench, 57, local=False, again=True)
    asked(bench, 3, local=True, again=True)
    assert (bench.promote.step(), bench.version.share) == (1, 0.25)
    asked(bench, 45, local=False, again=True)
    asked(bench, 15, local=True, again=True)
    assert (bench.promote.step(), bench.version.stage) == (1, Stage.LIVE)


def test_some_who_ask_the_student_again_hold_the_step_up_until_it_looks_like_luck(bench: Bench) -> None:
    asked(bench, 60, local=False, again=False)
    asked(bench, 2, local=True, again=True)
    assert (bench.promote.step(), bench.version.share) == (0, 0.05)
    (task,) = Report(bench.store, bench.policy, lambda: AT).tasks()
    assert task.missing == "fewer clients that ask again after its answers"
    asked(bench, 5, local=False, again=True)
    assert (bench.promote.step(), bench.version.share) == (1, 0.25)


def test_many_who_ask_the_student_again_end_it(bench: Bench) -> None:
    asked(bench, 40, local=False, again=False)
    asked(bench, 3, local=True, again=True)
    assert (bench.promote.step(), bench.version.stage) == (1, Stage.SHADOW)
    with bench.store.read() as work:
        last = work.tasks.verdicts([bench.version_id])[-1].verdict
        job = work.jobs.latest(bench.version_id)
    assert (last.ruling, last.move) == (Ruling.FAIL, Move.DEMOTE)
    assert last.reason.startswith("After its answers more than after the LLM's, clients asked again within a minute")
    assert job is not None
    assert job.cause == "clients asked again"
    assert [candidate.number for candidate in bench.candidates] == [2], "it must be earned anew"


def test_every_step_counts_anew(bench: Bench) -> None:
    asked(bench, 60, local=False, again=False)
    asked(bench, 1, local=True, again=True)
    assert (bench.promote.step(), bench.version.share) == (1, 0.25)
    asked(bench, 60, local=False, again=False)
    asked(bench, 2, local=True, again=True)
    assert (bench.promote.step(), bench.version.stage) == (1, Stage.LIVE)


def test_once_it_answers_all_there_is_nobody_to_compare_with(bench: Bench) -> None:
    for _ in range(2):
        bench.see(50, decider=AUDITED)
        bench.promote.step()
    asked(bench, 30, local=True, again=True)
    assert (bench.promote.step(), bench.version.stage) == (0, Stage.LIVE)


def test_with_its_alarms_off_they_are_told_and_end_nothing(sqlite_store: Store) -> None:
    bench = Bench(sqlite_store)
    bench.see(20)
    who = Operator("ann", "a trial")
    Operate(sqlite_store, bench.policy, lambda: AT).cutover("bank", who, share=0.05, force=True, hold=True)
    asked(bench, 60, local=False, again=False)
    asked(bench, 4, local=True, again=True)
    assert (bench.promote.step(), bench.version.stage) == (0, Stage.CANARY)
    (task,) = Report(bench.store, bench.policy, lambda: AT).tasks()
    assert "clients asked again" in task.candidates[0].verdict
