"""A challenger that may take over: told to people where they asked to be asked, and let in on their word."""

import pytest

from shadowbert.domain.alert import AlertKind
from shadowbert.domain.evidence import Move
from shadowbert.domain.task import Policy, Stage
from shadowbert.errors import CutoverRefused
from shadowbert.flow.challenge import REPLACED, successor
from shadowbert.flow.conditions import Conditions
from shadowbert.flow.operate import Operate, Operator
from shadowbert.flow.report import ASKS, NO_GAIN, Report, TaskReport
from shadowbert.store.store import Store
from tests.flow.stationed import AUDITED, Bench, a_guess
from tests.flow.test_leaving import BAD, says
from tests.flow.test_promote import unsure_champion
from tests.store.rows import a_transition, a_verdict

ANN = Operator("ann", "looks good")


@pytest.fixture
def bench(sqlite_store: Store) -> Bench:
    """Autopilot set to ask."""
    return Bench(sqlite_store, policy=Policy(autopilot=False))


@pytest.fixture
def operate(bench: Bench) -> Operate:
    return Operate(bench.store, bench.policy, lambda: bench.at)


def serving(bench: Bench, *, covered: int, stage: Stage = Stage.LIVE) -> str:
    """The id of a challenger to a champion that covers so many of 200 calls."""
    challenger = unsure_champion(bench, covered=covered, of=200)
    with bench.store.write() as work:
        work.tasks.move(bench.version, a_verdict(), a_transition(stage, candidate_id=bench.first.id))
    return challenger.id


def ready(bench: Bench) -> list[str]:
    with bench.store.read() as work:
        holding = Conditions(work, bench.policy, bench.at, stuck_days=7).holding()
        return [event.text for event in holding if event.kind is AlertKind.READY]


def shown(bench: Bench) -> TaskReport:
    (task,) = Report(bench.store, bench.policy, lambda: bench.at).task("bank")
    return task


def test_people_hear_of_a_challenger_that_would_take_over(bench: Bench) -> None:
    challenger = serving(bench, covered=100)
    assert bench.promote.step() == 0
    (text,) = ready(bench)
    assert text == (
        "Task bank: candidate 2 is ready to take over, and would answer more. Agreement is above 95 %: 200 of 200 "
        "agree (100 %). It waits for a person: shadowbert cutover bank"
    )
    with bench.store.read() as work:
        best = successor(work, bench.version, bench.first, bench.policy)
    assert best is not None
    assert best.candidate.id == challenger


def test_a_challenger_that_may_take_over_is_shown_to_wait_for_a_person(bench: Bench) -> None:
    serving(bench, covered=100)
    task = shown(bench)
    assert [(c.number, c.ready, c.missing) for c in task.candidates] == [(1, False, ""), (2, True, ASKS)]
    assert task.missing.startswith("an operator's cutover: candidate 2 may take over and would answer more")


@pytest.mark.parametrize("autopilot", [False, True])
def test_who_passed_and_would_answer_no_more_waits_for_nobody(bench: Bench, autopilot: bool) -> None:
    bench.policy = Policy(autopilot=autopilot)
    serving(bench, covered=200)
    task = shown(bench)
    assert [(c.number, c.ready, c.missing) for c in task.candidates] == [(1, False, ""), (2, False, NO_GAIN)]
    assert task.missing == ""


def test_a_cutover_lets_it_take_over_and_the_old_one_go(bench: Bench, operate: Operate) -> None:
    challenger = serving(bench, covered=100)
    moved = operate.cutover("bank", ANN)
    assert (moved.stage, moved.candidate_id, moved.forced) == (Stage.LIVE, challenger, False)
    with bench.store.read() as work:
        old, row = work.candidates.get(bench.first.id), work.tasks.verdicts([bench.version_id])[-1]
    assert old is not None
    assert old.retired == REPLACED
    assert (row.by, row.why, row.champion, row.verdict.move) == ("ann", "looks good", challenger, Move.PROMOTE)
    assert [candidate.id for candidate in bench.candidates] == [challenger]
    assert ready(bench) == []


def test_in_canary_the_command_keeps_the_share(bench: Bench) -> None:
    serving(bench, covered=100, stage=Stage.CANARY)
    (text,) = ready(bench)
    assert text.endswith("shadowbert cutover bank --share 0.05")


def test_who_would_answer_no_more_is_no_news_and_a_cutover_keeps_the_champion(bench: Bench, operate: Operate) -> None:
    serving(bench, covered=200)
    assert ready(bench) == []
    assert operate.cutover("bank", ANN).candidate_id == bench.first.id
    assert len(bench.candidates) == 2


def test_a_challenger_shown_worse_on_a_label_is_not_let_in_by_a_cutover(bench: Bench, operate: Operate) -> None:
    challenger = unsure_champion(bench, covered=300, of=600)
    texts = [f"rare {n}" for n in range(12)]
    bench.shelf.says |= {text: a_guess(2) for text in texts}
    bench.shelf.says |= {f"{challenger.student_id}:{text}": a_guess(0) for text in texts}
    bench.add([bench.call(text, answer=(2,), decider=AUDITED) for text in texts])
    bench.run()
    with bench.store.write() as work:
        work.tasks.move(bench.version, a_verdict(), a_transition(Stage.LIVE, candidate_id=bench.first.id))
    assert ready(bench) == []
    assert operate.cutover("bank", ANN).candidate_id == bench.first.id


def test_a_champion_that_lost_a_label_is_stepped_up_without_force(bench: Bench, operate: Operate) -> None:
    """It has no evidence of its own yet: it came in by that of the whole."""
    for label in (0, 1, BAD):
        says(bench, label, 60)
    operate.cutover("bank", ANN, share=0.05)
    says(bench, BAD, 0, 12, audits=True)
    assert bench.promote.step() == 1
    narrowed = bench.version.candidate_id
    assert narrowed != bench.first.id
    moved = operate.cutover("bank", ANN, share=0.25)
    assert (moved.candidate_id, moved.share, moved.forced) == (narrowed, 0.25, False)


def test_a_forced_champion_is_forced_until_it_passes(bench: Bench, operate: Operate) -> None:
    says(bench, 0, 20)
    operate.cutover("bank", ANN, force=True)
    with pytest.raises(CutoverRefused):
        operate.cutover("bank", ANN)


def test_a_label_that_left_comes_back_with_no_slice_of_its_student(sqlite_store: Store) -> None:
    """The whole passes later, too, and covers more than what is left of it."""
    bench = Bench(sqlite_store)
    says(bench, 0, 60)
    says(bench, BAD, 6, 10)
    bench.promote.step()
    first, variant = bench.candidates
    with bench.store.write() as work:
        work.tasks.move(bench.version, a_verdict(), a_transition(Stage.LIVE, candidate_id=variant.id))
    for label in (0, 1, BAD):
        says(bench, label, 300, audits=True)
    with bench.store.read() as work:
        assert work.predictions.promotion_counts(first.id).rows > 900
        assert successor(work, bench.version, variant, bench.policy) is None
    assert bench.promote.step() == 0
