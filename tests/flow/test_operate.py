"""An operator's hand on a task, on a real store."""

import threading
from collections.abc import Callable

import pytest

from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.records import VerdictRow
from shadowbert.domain.task import Policy, Stage
from shadowbert.errors import CutoverRefused, OperatorError, UnknownTask
from shadowbert.flow.operate import Operate, Operator
from shadowbert.flow.promote import Promote
from shadowbert.store.store import Store
from shadowbert.testing.lineage import NOW, Lineage, found

MARIA = Operator("maria", "the launch is on Monday")


@pytest.fixture
def line(sqlite_store: Store) -> Lineage:
    return found(sqlite_store)


@pytest.fixture
def operate(sqlite_store: Store) -> Operate:
    return Operate(sqlite_store, Policy(), lambda: NOW)


def last_verdict(line: Lineage) -> VerdictRow:
    with line.store.read() as work:
        return work.tasks.verdicts([line.version_id])[-1]


def serving(line: Lineage, *, stage: Stage = Stage.LIVE) -> None:
    candidate = line.candidate(line.student())
    line.move(stage, share=1.0, candidate=candidate)


@pytest.mark.parametrize(
    "command",
    [Operate.cutover, Operate.rollback, Operate.pause, Operate.off, Operate.resume, Operate.retrain, Operate.cancel],
)
def test_an_unknown_task_is_answered_with_the_names_there_are(
    command: Callable[..., object], line: Lineage, operate: Operate
) -> None:
    found(line.store, task="alerts")
    with pytest.raises(UnknownTask, match="no task is called 'bnak'; known tasks: alerts, bank"):
        command(operate, "bnak", MARIA)


def test_cutover_without_a_student_is_refused_forced_or_not(line: Lineage, operate: Operate) -> None:
    line.calls(30)
    for force in (False, True):
        with pytest.raises(CutoverRefused, match=r"no student yet \(30 examples, the first is trained at 200\)"):
            operate.cutover("bank", MARIA, force=force)
    assert line.now.stage is Stage.COLLECTING


def test_cutover_is_refused_with_the_gates_reason(line: Lineage, operate: Operate) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=40)
    line.move(Stage.SHADOW)
    with pytest.raises(CutoverRefused, match=r"40 of 40 agree .* Missing: about .* more agreeing calls.* --force"):
        operate.cutover("bank", MARIA)
    assert line.now.stage is Stage.SHADOW


def test_cutover_passes_where_the_gate_does(line: Lineage, operate: Operate) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=200)
    line.move(Stage.SHADOW)
    moved = operate.cutover("bank", MARIA)
    assert (moved.stage, moved.share, moved.forced, moved.held) == (Stage.LIVE, 1.0, False, False)
    assert moved.candidate_id == candidate.id
    verdict = last_verdict(line)
    assert (verdict.by, verdict.why) == ("maria", "the launch is on Monday")
    assert verdict.verdict.reason.startswith("Cut over by maria. Agreement is above 95 %")


def test_the_better_of_two_candidates_that_passed_serves(line: Lineage, operate: Operate) -> None:
    poor, good = line.candidate(line.student()), line.candidate(line.student(number=2))
    line.evidence(poor, agree=200, unsure=100)
    line.evidence(good, agree=300)
    assert operate.cutover("bank", MARIA).candidate_id == good.id


def test_cutover_by_force_records_who_why_and_the_evidence(line: Lineage, operate: Operate) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=28, disagree=2)
    moved = operate.cutover("bank", MARIA, share=0.25, force=True)
    assert (moved.stage, moved.share, moved.forced) == (Stage.CANARY, 0.25, True)
    assert moved.candidate_id == candidate.id
    verdict = last_verdict(line)
    assert verdict.forced
    assert (verdict.by, verdict.why) == ("maria", "the launch is on Monday")
    assert "Cut over by maria, forced. Not yet shown" in verdict.verdict.reason
    assert (verdict.verdict.numbers["agree"], verdict.verdict.numbers["disagree"]) == (28, 2)


def test_by_force_a_student_without_a_candidate_is_entered(line: Lineage, operate: Operate) -> None:
    student = line.student()
    moved = operate.cutover("bank", MARIA, force=True)
    with line.store.read() as work:
        (candidate,) = work.candidates.active(line.version_id)
    assert (candidate.id, candidate.student_id, candidate.slice.threshold) == (moved.candidate_id, student.id, 0.95)
    assert candidate.number == 1


def test_without_force_a_student_without_a_candidate_stays_where_it_is(line: Lineage, operate: Operate) -> None:
    line.student()
    with pytest.raises(CutoverRefused, match="no candidate gathers evidence yet"):
        operate.cutover("bank", MARIA)


def test_rollback_holds_and_its_candidate_starts_anew_with_the_next_share_of_alpha(
    line: Lineage, operate: Operate
) -> None:
    first = line.candidate(line.student())
    line.evidence(first, agree=100)
    line.move(Stage.LIVE, share=1.0, candidate=first)
    moved = operate.rollback("bank", MARIA)
    assert (moved.stage, moved.share, moved.candidate_id, moved.held) == (Stage.SHADOW, 0.0, None, True)
    with line.store.read() as work:
        (anew,) = work.candidates.active(line.version_id)
        old = work.candidates.get(first.id)
        last = work.exchanges.last_seq()
    assert (anew.number, anew.student_id, anew.slice, anew.start_seq) == (2, first.student_id, first.slice, last)
    assert old is not None
    assert old.retired == "rolled back by maria"
    assert last_verdict(line).verdict.reason == "Rolled back by maria: the launch is on Monday."


def test_rollback_where_nothing_serves(line: Lineage, operate: Operate) -> None:
    with pytest.raises(OperatorError, match="task bank is in stage collecting: nothing is answered locally"):
        operate.rollback("bank", MARIA)


def test_commands_reach_an_earlier_version_that_still_serves(line: Lineage, operate: Operate) -> None:
    serving(line)
    task_id = line.now.task_id
    newer = found(line.store, task_id=task_id, created_at=NOW + 1)
    assert operate.rollback("bank", MARIA).id == line.version_id
    assert (line.now.stage, newer.now.stage) == (Stage.SHADOW, Stage.COLLECTING)
    assert operate.pause("bank", MARIA).id == newer.version_id
    assert {line.now.stage, newer.now.stage} == {Stage.PAUSED}
    operate.resume("bank", MARIA)
    assert (line.now.stage, newer.now.stage) == (Stage.SHADOW, Stage.COLLECTING)
    assert operate.cutover("bank", MARIA, force=True).id == line.version_id, "the newer one has no student"


def test_resume_lifts_the_hold(line: Lineage, operate: Operate) -> None:
    serving(line)
    operate.rollback("bank", MARIA)
    moved = operate.resume("bank", MARIA)
    assert (moved.stage, moved.held) == (Stage.SHADOW, False)
    with pytest.raises(OperatorError, match="in stage shadow: there is nothing to resume"):
        operate.resume("bank", MARIA)


@pytest.mark.parametrize(("stop", "stage"), [(Operate.pause, Stage.PAUSED), (Operate.off, Stage.OFF)])
def test_pause_and_off_stop_the_student_and_resume_starts_over(
    stop: Callable[..., object], stage: Stage, line: Lineage, operate: Operate
) -> None:
    serving(line)
    stop(operate, "bank", MARIA)
    assert (line.now.stage, line.now.candidate_id, line.now.share) == (stage, None, 0.0)
    with pytest.raises(OperatorError, match=f"task bank is {stage} already"):
        stop(operate, "bank", MARIA)
    assert operate.resume("bank", MARIA).stage is Stage.SHADOW
    with line.store.read() as work:
        numbers = [candidate.number for candidate in work.candidates.active(line.version_id)]
        counts = [work.predictions.promotion_counts(c.id).rows for c in work.candidates.active(line.version_id)]
    assert (max(numbers) > 1, counts[-1]) == (True, 0), "what comes after the break is earned anew"


def test_resume_without_a_candidate_collects(line: Lineage, operate: Operate) -> None:
    operate.pause("bank", MARIA)
    assert operate.resume("bank", MARIA).stage is Stage.COLLECTING


def test_retrain_queues_one_training(line: Lineage, operate: Operate) -> None:
    line.calls(25)
    assert operate.retrain("bank", MARIA) == 25
    assert operate.retrain("bank", MARIA) == 25
    with line.store.read() as work:
        job = work.jobs.next()
        assert work.jobs.open_count() == 1
    assert job is not None
    assert (job.version_id, job.state) == (line.version_id, "queued")
    assert job.cause == "Asked for by maria: the launch is on Monday."


def test_retrain_on_next_to_nothing_is_refused(line: Lineage, operate: Operate) -> None:
    line.calls(19)
    with pytest.raises(OperatorError, match="task bank has 19 examples; a training needs 20"):
        operate.retrain("bank", MARIA)


def test_a_cancelled_training_says_who_and_why(line: Lineage, operate: Operate) -> None:
    line.calls(25)
    operate.retrain("bank", MARIA)
    cancelled = operate.cancel("bank", MARIA)
    with line.store.read() as work:
        assert work.jobs.latest(line.version_id) == cancelled
        assert work.jobs.next() is None
        assert work.jobs.last_size(line.version_id) == 25, "the next doubling counts on from here"
    assert (cancelled.state, cancelled.examples) == ("cancelled", 25)
    assert cancelled.message == "Cancelled by maria: the launch is on Monday."
    with pytest.raises(OperatorError, match="task bank has no training to cancel"):
        operate.cancel("bank", MARIA)


def test_trainings_of_all_versions_are_cancelled(line: Lineage, operate: Operate) -> None:
    newer = found(line.store, task_id=line.now.task_id, created_at=NOW + 1)
    with line.store.write() as work:
        for version in (line, newer):
            work.jobs.queue(version.version_id, cause="grown", at=NOW)
    assert operate.cancel("bank", MARIA).version_id == newer.version_id
    with line.store.read() as work:
        assert work.jobs.open_count() == 0


def test_two_operators_at_once_take_turns(store: Store) -> None:
    line, operate = found(store), Operate(store, Policy(), lambda: NOW)
    serving(line)
    outcomes: list[str] = []

    def roll_back() -> None:
        try:
            outcomes.append(operate.rollback("bank", MARIA).stage)
        except OperatorError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=roll_back) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["shadow", "task bank is in stage shadow: nothing is answered locally"]


def test_an_inferred_contract_must_be_confirmed_before_the_gate_promotes(sqlite_store: Store) -> None:
    operate = Operate(sqlite_store, Policy(), lambda: NOW)
    word = Contract((Field((), ("ham", "spam"), open=True),), "i1:words")
    line = found(sqlite_store, contract=word, confirmed=False)
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=400)
    line.move(Stage.SHADOW)
    promote = Promote(sqlite_store, Policy(), lambda: NOW)
    with pytest.raises(CutoverRefused, match=r"nobody has confirmed them.*shadowbert confirm bank"):
        operate.cutover("bank", MARIA)
    assert promote.step() == 0
    confirmed = operate.confirm("bank", MARIA)
    assert (confirmed.confirmed, confirmed.stage) == (True, Stage.SHADOW)
    assert "Contract confirmed by maria" in last_verdict(line).verdict.reason
    with pytest.raises(OperatorError, match="no inferred contract that waits"):
        operate.confirm("bank", MARIA)
    assert promote.step() == 1
    assert line.now.stage is Stage.CANARY


def test_a_confirmation_leaves_a_forced_champion_where_it_is(line: Lineage, operate: Operate) -> None:
    inferred = found(line.store, task="words", confirmed=False)
    candidate = inferred.candidate(inferred.student())
    operate.cutover("words", MARIA, force=True)
    operate.confirm("words", MARIA)
    now = inferred.now
    assert (now.stage, now.share, now.candidate_id, now.forced) == (Stage.LIVE, 1.0, candidate.id, True)


def test_something_else_is_never_in_the_slice(sqlite_store: Store) -> None:
    word = Contract((Field((), ("ham", "spam"), open=True),), "i1:words")
    line = found(sqlite_store, contract=word)
    assert (0, 2) in line.candidate(line.student()).slice.excluded


def test_why_is_kept_whatever_bytes_were_typed(line: Lineage, operate: Operate) -> None:
    operate.pause("bank", Operator("maria", "half \udcff and \x00 nothing"))
    with line.store.read() as work:
        assert work.tasks.verdicts([line.version_id])[-1].why == "half \ufffd and \ufffd nothing"
