"""Promote on a real store: scripted evidence, and the stages it leads to."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from shadowbert.domain.evidence import Move, Ruling
from shadowbert.domain.records import CandidateRow, VerdictRow, VersionRow
from shadowbert.domain.route import Decider
from shadowbert.domain.task import Policy, Stage
from shadowbert.errors import StaleState
from shadowbert.flow.evidence import Watch, detector
from shadowbert.flow.history import replay
from shadowbert.flow.ledger import Work
from shadowbert.flow.operate import Operate, Operator
from shadowbert.flow.promote import Promote
from shadowbert.gating.eprocess import alpha_share
from shadowbert.store.store import Store
from tests.flow.stationed import AUDITED, Bench, a_guess
from tests.store.rows import a_transition, a_verdict, a_version

ANN = Operator("ann", "a hunch")


@pytest.fixture
def bench(sqlite_store: Store) -> Bench:
    return Bench(sqlite_store)


@pytest.fixture
def asking(sqlite_store: Store) -> Bench:
    """Autopilot set to ask."""
    return Bench(sqlite_store, policy=Policy(autopilot=False))


def state(bench: Bench) -> tuple[Stage, float, str | None]:
    version = bench.version
    return version.stage, version.share, version.candidate_id


def verdicts(bench: Bench) -> Sequence[VerdictRow]:
    with bench.store.read() as work:
        return work.tasks.verdicts([bench.version_id])


def operate(bench: Bench) -> Operate:
    return Operate(bench.store, bench.policy, lambda: bench.at)


def go_live(bench: Bench) -> None:
    bench.see(150)
    for _ in range(3):
        assert bench.promote.step() == 1
        bench.see(50, decider=AUDITED)
    assert bench.version.stage is Stage.LIVE


def fall(bench: Bench) -> None:
    bench.see(0, 40, decider=AUDITED)
    assert bench.promote.step() == 1


def test_a_versions_whole_life(bench: Bench) -> None:
    """Shadow, canary at 5 % and 25 %, live, and back when the agreement falls."""
    founded = replace(bench.version, stage=Stage.COLLECTING, epoch=0)
    first = bench.first.id
    assert bench.promote.step() == 0
    bench.see(99)
    assert (bench.promote.step(), state(bench)) == (0, (Stage.SHADOW, 0.0, None))
    bench.see(20)
    assert (bench.promote.step(), state(bench)) == (1, (Stage.CANARY, 0.05, first))
    assert (bench.promote.step(), state(bench)) == (0, (Stage.CANARY, 0.05, first))
    bench.see(49, decider=Decider.SHARE)
    assert bench.promote.step() == 0
    bench.see(1, decider=AUDITED)
    assert (bench.promote.step(), state(bench)) == (1, (Stage.CANARY, 0.25, first))
    bench.see(50, decider=AUDITED)
    assert (bench.promote.step(), state(bench)) == (1, (Stage.LIVE, 1.0, first))
    bench.see(500, 2, decider=AUDITED)
    assert (bench.promote.step(), state(bench)) == (0, (Stage.LIVE, 1.0, first))
    bench.see(0, 40, decider=AUDITED)
    assert (bench.promote.step(), state(bench)) == (1, (Stage.SHADOW, 0.0, None))
    moves = [(row.verdict.ruling, row.verdict.move) for row in verdicts(bench)[1:]]
    assert moves == [(Ruling.PASS, Move.PROMOTE)] * 3 + [(Ruling.FAIL, Move.DEMOTE)]
    assert replay(founded, verdicts(bench)) == bench.version


def test_what_a_verdict_rests_on_is_kept_with_it(bench: Bench) -> None:
    bench.see(150)
    bench.promote.step()
    row = verdicts(bench)[-1]
    assert (row.by, row.why, row.champion, row.at) == ("gate", row.verdict.reason, bench.first.id, bench.at)
    assert (row.verdict.numbers["agree"], row.verdict.numbers["alpha"]) == (150.0, alpha_share(1, 0.05))


def test_after_a_fall_the_student_must_earn_it_anew(bench: Bench) -> None:
    go_live(bench)
    fall(bench)
    (again,) = bench.candidates
    assert (again.student_id, again.number, again.slice) == (bench.student.id, 2, bench.first.slice)
    with bench.store.read() as work:
        assert again.start_seq == work.exchanges.last_seq()
        job = work.jobs.latest(bench.version_id)
        old = work.candidates.get(bench.first.id)
    assert job is not None
    assert old is not None
    assert (job.state, job.cause) == ("queued", "agreement fell")
    assert old.retired is not None
    assert "more than 2 points below 95" in old.retired
    assert bench.promote.step() == 0
    bench.see(110)
    assert bench.promote.step() == 0, "its share of alpha is a third of the first one's"
    bench.see(40)
    assert (bench.promote.step(), state(bench)) == (1, (Stage.CANARY, 0.05, again.id))


def test_a_fall_in_canary_stops_it_at_once(bench: Bench) -> None:
    bench.see(150)
    bench.promote.step()
    fall(bench)
    assert state(bench) == (Stage.SHADOW, 0.0, None)


def test_a_student_below_the_target_is_never_let_in(bench: Bench) -> None:
    for _ in range(8):
        bench.see(47, 3)
        assert bench.promote.step() == 0
    assert bench.version.stage is Stage.SHADOW


def test_failing_answers_hold_the_rest_back(bench: Bench) -> None:
    bench.see(150)
    bench.calls(9, answer=None, unfit="refusal")
    bench.run()
    assert bench.promote.step() == 0
    bench.see(30)
    assert bench.promote.step() == 1


def test_clients_that_leave_or_repeat_hold_nothing_back(bench: Bench) -> None:
    bench.see(150)
    bench.calls(20, answer=None, unfit="client_gone")
    bench.calls(20, answer=None, unfit="retry")
    assert bench.promote.step() == 1


def test_escalations_never_count(bench: Bench) -> None:
    bench.see(150)
    bench.calls(50, answer=None, unfit="refusal", decider=Decider.STUDENT)
    assert bench.promote.step() == 1


def test_rows_outside_the_slice_are_no_step_up(bench: Bench) -> None:
    bench.see(150)
    bench.promote.step()
    unsure = [bench.call(f"unsure {n}", decider=AUDITED) for n in range(60)]
    bench.shelf.says |= {row.input: a_guess(1, joint=0.3) for row in unsure}
    bench.add(unsure)
    bench.run()
    assert bench.promote.step() == 0


def test_only_calls_after_a_step_count_for_the_next(bench: Bench) -> None:
    bench.see(500)
    assert [bench.promote.step() for _ in range(3)] == [1, 0, 0]


def test_a_paused_task_is_left_alone(bench: Bench) -> None:
    bench.see(150)
    operate(bench).pause("bank", ANN)
    assert (bench.promote.step(), bench.version.stage) == (0, Stage.PAUSED)


def test_an_operators_rollback_holds_until_somebody_resumes(bench: Bench) -> None:
    go_live(bench)
    operate(bench).rollback("bank", ANN)
    bench.see(200)
    assert (bench.promote.step(), bench.version.held) == (0, True)
    operate(bench).resume("bank", ANN)
    assert (bench.promote.step(), bench.version.stage, bench.version.held) == (1, Stage.CANARY, False)


def test_without_autopilot_the_gate_promotes_nobody(asking: Bench) -> None:
    asking.see(300)
    assert (asking.promote.step(), asking.version.stage) == (0, Stage.SHADOW)
    operate(asking).cutover("bank", ANN, share=0.05)
    asking.see(60, decider=AUDITED)
    assert (asking.promote.step(), state(asking)[:2]) == (0, (Stage.CANARY, 0.05))


def test_without_autopilot_an_alarm_acts_all_the_same(asking: Bench) -> None:
    asking.see(300)
    operate(asking).cutover("bank", ANN)
    fall(asking)
    assert asking.version.stage is Stage.SHADOW


def test_a_forced_cutover_is_one_until_the_gate_agrees(bench: Bench) -> None:
    bench.see(20)
    operate(bench).cutover("bank", ANN, force=True)
    assert (bench.promote.step(), bench.version.forced) == (0, True)
    bench.see(150, decider=AUDITED)
    assert (bench.promote.step(), bench.version.forced, bench.version.stage) == (1, False, Stage.LIVE)
    last = verdicts(bench)[-1].verdict
    assert (last.move, last.reason[:40]) == (Move.STEP, "The gate now agrees with the cut-over. A")
    assert bench.promote.step() == 0


def test_a_forced_canary_that_steps_up_stays_forced(bench: Bench) -> None:
    operate_on = operate(bench)
    bench.see(20)
    operate_on.cutover("bank", ANN, share=0.05, force=True)
    bench.see(49, 1, decider=AUDITED)
    assert (bench.promote.step(), bench.version.share, bench.version.forced) == (1, 0.25, True)


def test_a_forced_cutover_falls_like_any_other(bench: Bench) -> None:
    bench.see(20)
    operate(bench).cutover("bank", ANN, force=True)
    fall(bench)
    assert (bench.version.stage, bench.version.forced) == (Stage.SHADOW, False)


def test_suspicion_buys_audits_and_demotes_nobody(bench: Bench) -> None:
    go_live(bench)
    bench.see(0, 4, decider=AUDITED)
    assert (bench.promote.step(), bench.version.stage, bench.version.audit_rate) == (0, Stage.LIVE, 0.5)
    bench.see(300, decider=AUDITED)
    assert (bench.promote.step(), bench.version.stage, bench.version.audit_rate) == (0, Stage.LIVE, None)


def test_another_signature_buys_audits_for_a_while(bench: Bench) -> None:
    go_live(bench)
    with bench.store.write() as work:
        work.marks.set(bench.version_id, seq=work.exchanges.last_seq())
    bench.see(1, decider=AUDITED)
    assert (bench.promote.step(), bench.version.stage, bench.version.audit_rate) == (0, Stage.LIVE, 0.25)
    bench.see(99, decider=AUDITED)
    assert (bench.promote.step(), bench.version.stage, bench.version.audit_rate) == (0, Stage.LIVE, None)


# Challengers


def unsure_champion(bench: Bench, *, covered: int, of: int) -> CandidateRow:
    """A live champion that covers so many of so many calls, and a challenger that has just come."""
    bench.see(150)
    bench.promote.step()
    with bench.store.write() as work:
        work.tasks.move(bench.version, a_verdict(), a_transition(Stage.LIVE, candidate_id=bench.first.id))
    challenger = bench.newcomer()
    for n in range(of):
        text = f"contested {n}"
        bench.shelf.says[text] = a_guess(n % 3)
        if n >= covered:
            bench.shelf.says[f"{bench.student.id}:{text}"] = a_guess(n % 3, joint=0.4)
    bench.add([bench.call(f"contested {n}", answer=(n % 3,), decider=AUDITED) for n in range(of)])
    bench.run()
    return challenger


def test_a_challenger_that_covers_more_takes_over(bench: Bench) -> None:
    challenger = unsure_champion(bench, covered=100, of=200)
    assert bench.promote.step() == 1
    assert state(bench) == (Stage.LIVE, 1.0, challenger.id)
    assert [candidate.id for candidate in bench.candidates] == [challenger.id]
    with bench.store.read() as work:
        old = work.candidates.get(bench.first.id)
    assert old is not None
    assert old.retired == "replaced by a challenger"
    assert bench.promote.step() == 0


def test_a_challenger_that_covers_no_more_waits(bench: Bench) -> None:
    challenger = unsure_champion(bench, covered=200, of=200)
    assert (bench.promote.step(), state(bench)[2]) == (0, bench.first.id)
    assert [candidate.id for candidate in bench.candidates] == [bench.first.id, challenger.id]


def test_a_challenger_without_enough_evidence_waits(bench: Bench) -> None:
    unsure_champion(bench, covered=10, of=60)
    assert (bench.promote.step(), state(bench)[2]) == (0, bench.first.id)


def test_a_challenger_shown_worse_on_one_label_waits(bench: Bench) -> None:
    """Though it covers more and agrees often enough on the whole."""
    challenger = unsure_champion(bench, covered=300, of=600)
    texts = [f"rare {n}" for n in range(12)]
    bench.shelf.says |= {text: a_guess(2) for text in texts}
    bench.shelf.says |= {f"{challenger.student_id}:{text}": a_guess(0) for text in texts}
    bench.add([bench.call(text, answer=(2,), decider=AUDITED) for text in texts])
    bench.run()
    assert (bench.promote.step(), state(bench)[2]) == (0, bench.first.id)


def test_without_autopilot_no_challenger_takes_over(asking: Bench) -> None:
    unsure_champion(asking, covered=100, of=200)
    with asking.store.write() as work:
        work.tasks.move(asking.version, a_verdict(), a_transition(Stage.LIVE, candidate_id=asking.first.id))
    assert (asking.promote.step(), state(asking)[2]) == (0, asking.first.id)


def test_of_two_that_pass_the_one_that_covers_more_opens(bench: Bench) -> None:
    wider = bench.newcomer()
    rows = [bench.call(f"wide {n}", answer=(n % 3,)) for n in range(300)]
    for n, row in enumerate(rows):
        bench.shelf.says[row.input] = a_guess(n % 3)
        if n % 2:
            bench.shelf.says[f"{bench.student.id}:{row.input}"] = a_guess(n % 3, joint=0.4)
    bench.add(rows)
    bench.run()
    assert (bench.promote.step(), state(bench)[2]) == (1, wider.id)


# Looking


def test_every_look_is_marked_also_where_nothing_is_new(bench: Bench) -> None:
    for later in (1.0, 2.0):
        bench.at += later
        bench.promote.step()
        with bench.store.read() as work:
            assert work.mirror.gate_looked_at() == bench.at


def test_an_unchanged_version_is_not_judged_again(bench: Bench) -> None:
    bench.see(50)
    looked: list[str] = []

    class Counting(Promote):
        def _look(self, work: Work, version: VersionRow) -> bool:
            looked.append("look")
            return Promote._look(self, work, version)

    promote = Counting(bench.store, bench.policy, lambda: bench.at)
    promote.step()
    promote.step()
    assert len(looked) == 1
    bench.see(1)
    promote.step()
    assert len(looked) == 2
    operate(bench).pause("bank", ANN)
    promote.step()
    assert len(looked) == 3


def test_a_move_by_somebody_else_in_between_is_harmless(bench: Bench) -> None:
    """And it stops no look at other versions."""
    bench.see(150)
    other = a_version(task="other", task_id="t2", created_at=bench.at + 1)
    with bench.store.write() as work:
        work.tasks.found(other)
    looked: list[str] = []

    class Overtaken(Promote):
        def _look(self, work: Work, version: VersionRow) -> bool:
            looked.append(version.task)
            if version.task == "bank":
                raise StaleState
            return Promote._look(self, work, version)

    promote = Overtaken(bench.store, bench.policy, lambda: bench.at)
    assert promote.step() == 0
    assert promote.step() == 0
    assert looked == ["bank", "other", "bank"]


def test_a_decision_on_an_old_epoch_moves_nothing(bench: Bench) -> None:
    bench.see(150)
    stale = bench.version
    operate(bench).pause("bank", ANN)
    with pytest.raises(StaleState), bench.store.write() as work:
        bench.promote._look(work, stale)
    assert state(bench) == (Stage.PAUSED, 0.0, None)


def test_a_watch_that_goes_on_equals_one_from_the_start(bench: Bench) -> None:
    bench.see(150)
    bench.promote.step()
    watch = Watch()
    for agree, disagree in ((30, 1), (0, 2), (17, 0), (5, 1)):
        bench.see(agree, disagree, decider=AUDITED)
        with bench.store.read() as work:
            going_on = watch.over(work, bench.version, bench.first, bench.policy)
            assert going_on.state == detector(work, bench.version, bench.first, bench.policy).state


def test_a_watch_begins_anew_with_another_champion(bench: Bench) -> None:
    challenger = unsure_champion(bench, covered=100, of=200)
    bench.see(0, 3, decider=AUDITED)
    watch = Watch()
    with bench.store.read() as work:
        assert watch.over(work, bench.version, bench.first, bench.policy).value > 1
    with bench.store.write() as work:
        moved = work.tasks.move(bench.version, a_verdict(), a_transition(Stage.LIVE, candidate_id=challenger.id))
        assert watch.over(work, moved, challenger, bench.policy).value == 0
