"""The audit rate of what serves, on a real store: what raises it, what lets it fall, and what people are told."""

import json
from dataclasses import replace

import pytest

from shadowbert.domain.evidence import Counts
from shadowbert.domain.route import Decider, Source
from shadowbert.domain.student import Slice
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.escalations import follow, known
from shadowbert.flow.promote import Promote
from shadowbert.flow.report import Report
from shadowbert.gating.audits import BUDGET, CHANGED_AUDIT_RATE
from shadowbert.gating.escalations import AUDITS_BOUGHT, Escalations
from shadowbert.store.store import Store
from tests.flow.stationed import AUDITED, Bench, a_guess
from tests.store.rows import AT, a_transition, a_verdict

NOTHING_YET = json.dumps(Escalations(Counts(agree=200, disagree=100)).to_json())


@pytest.fixture
def bench(sqlite_store: Store) -> Bench:
    """Live; of the 300 calls before that the student was sure of two in three."""
    bench = Bench(sqlite_store)
    unsure = [bench.call(f"early {n}", answer=(1,)) for n in range(100)]
    bench.shelf.says |= {row.input: a_guess(1, joint=0.3) for row in unsure}
    bench.add(unsure)
    bench.see(200)
    bench.promote.step()
    with bench.store.write() as work:
        work.tasks.move(bench.version, a_verdict(), a_transition(Stage.LIVE, candidate_id=bench.first.id))
    bench.promote.step()
    return bench


def consulted(bench: Bench, pattern: str) -> None:
    """Calls that the champion is asked: `s` where it is sure, `u` where it is not and the LLM answers."""
    rows = []
    for n, letter in enumerate(pattern):
        guess = a_guess(1, joint=0.99 if letter == "s" else 0.3)
        bench.shelf.says[f"asked {bench.texts + n}"] = guess
        call = bench.call(f"asked {bench.texts + n}", decider=Decider.STUDENT)
        call = replace(call, prediction=bench.predicted(bench.first, guess))
        rows.append(replace(call, source=Source.STUDENT, answer=None) if letter == "s" else call)
    bench.texts += len(rows)
    bench.add(rows)
    bench.run()


def looked(bench: Bench) -> float | None:
    """The audit rate after the gate's look, which moved nothing."""
    assert (bench.promote.step(), bench.version.stage) == (0, Stage.LIVE)
    return bench.version.audit_rate


def told(bench: Bench) -> str:
    (task,) = Report(bench.store, bench.policy, lambda: AT).tasks()
    return task.audits


def test_fewer_sure_calls_buy_audits_and_demote_nobody(bench: Bench) -> None:
    consulted(bench, "ssu" * 200)
    assert (looked(bench), told(bench)) == (None, "")
    consulted(bench, "suuu" * 40)
    assert looked(bench) == CHANGED_AUDIT_RATE
    assert told(bench) == "audits raised to 25 %: the student is sure of fewer calls than before (66.6 %)"


def test_after_the_audits_the_change_is_normal(bench: Bench) -> None:
    consulted(bench, "suuu" * 60)
    bench.promote.step()
    bench.see(AUDITS_BOUGHT - 1, decider=AUDITED)
    consulted(bench, "suuu" * 60)
    bench.promote.step()
    assert bench.version.audit_rate == CHANGED_AUDIT_RATE
    bench.see(1, decider=AUDITED)
    consulted(bench, "suuu" * 60)
    assert looked(bench) is None
    consulted(bench, "suss" * 60)
    bench.promote.step()
    assert "sure of more calls than before (25 %)" in told(bench)


def test_whoever_looks_and_however_often_sees_the_same(bench: Bench) -> None:
    """One promoter looks after every few calls, as another one does that has slept through all of them."""
    for part in ("ssu" * 30, "suuu" * 30, "sss", "suuu" * 10):
        consulted(bench, part)
        bench.see(3, decider=AUDITED)
        bench.promote.step()
    with bench.store.write() as work:
        often = known(work, bench.first)
        champion = work.candidates.get(bench.first.id)
        assert champion is not None
        work.marks.set(bench.first.id, seq=bench.version.stage_seq, note=NOTHING_YET)
        follow(work, bench.version, champion)
        assert known(work, bench.first) == often
    assert often is not None
    assert often.changed


def test_what_one_look_leaves_the_next_one_reads(bench: Bench) -> None:
    consulted(bench, "suuu" * 40)
    seen = []
    with bench.store.write() as work:
        for _ in range(8):
            follow(work, bench.version, bench.first, at_once=20)
            watch = known(work, bench.first)
            assert watch is not None
            seen.append(bool(watch.changed))
        assert work.marks.seq(bench.first.id) == work.exchanges.last_seq()
    assert (seen[0], seen[-1]) == (False, True)


def test_in_canary_nothing_is_counted(bench: Bench) -> None:
    with bench.store.write() as work:
        work.tasks.move(bench.version, a_verdict(), a_transition(Stage.CANARY, candidate_id=bench.first.id))
    consulted(bench, "u" * 200)
    bench.promote.step()
    assert bench.version.audit_rate is None
    with bench.store.read() as work:
        assert known(work, bench.first) is None


# A challenger


@pytest.fixture
def wide(sqlite_store: Store) -> Bench:
    """Live, and covers half of the calls; a challenger that would cover all of them has just come."""
    bench = Bench(sqlite_store, slice=Slice(0.8))
    bench.see(150)
    bench.promote.step()
    with bench.store.write() as work:
        work.tasks.move(bench.version, a_verdict(), a_transition(Stage.LIVE, candidate_id=bench.first.id))
    contested(bench, 200)
    challenger = bench.newcomer()
    assert challenger.expected_coverage == 0.0
    return bench


def contested(bench: Bench, count: int, *, wrong: int = 0) -> None:
    """Audited calls: the first student is sure of every second one, every other student of all, and wrong at first."""
    rows = []
    for n in range(count):
        text = f"contested {bench.texts + n}"
        bench.shelf.says[text] = a_guess((n + (n < wrong)) % 3)
        bench.shelf.says[f"{bench.student.id}:{text}"] = a_guess(n % 3, joint=0.9 if n % 2 else 0.4)
        rows.append(bench.call(text, answer=(n % 3,), decider=AUDITED))
    bench.texts += count
    bench.add(rows)
    bench.run()


def test_a_challenger_that_covers_more_buys_audits_until_it_is_judged(wide: Bench) -> None:
    assert looked(wide) is None  # nobody knows yet what it would cover
    contested(wide, 110, wrong=3)
    assert looked(wide) == 0.25
    assert told(wide).startswith("audits raised to 25 %: until the new student is judged: about ")
    assert told(wide).endswith(" more calls to the LLM")
    contested(wide, 250)
    assert wide.promote.step() == 1
    assert wide.version.candidate_id != wide.first.id
    wide.promote.step()
    contested(wide, 1)
    assert (looked(wide), told(wide)) == (None, "")


def test_a_challenger_that_is_no_better_than_the_target_buys_no_more(wide: Bench) -> None:
    contested(wide, 110, wrong=9)
    assert looked(wide) is None


def test_where_operators_want_no_more_audits_there_are_none(wide: Bench) -> None:
    contested(wide, 110, wrong=3)
    thrifty = Policy(challenger_audit_rate=0.0)
    assert (Promote(wide.store, thrifty, lambda: AT).step(), wide.version.audit_rate) == (0, None)


def test_people_who_judge_need_no_audits(wide: Bench) -> None:
    contested(wide, 110, wrong=3)
    by_people = Policy(gate_on="people")
    assert (Promote(wide.store, by_people, lambda: AT).step(), wide.version.audit_rate) == (0, None)


def test_a_challenger_that_needs_more_than_its_budget_buys_none(wide: Bench) -> None:
    contested(wide, 110, wrong=3)
    patient = Policy(min_rows=BUDGET + 1)
    assert (Promote(wide.store, patient, lambda: AT).step(), wide.version.audit_rate) == (0, None)
