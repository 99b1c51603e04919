"""Labels that cannot be learnt yet: a student is not let say them, and with one label alone none is trained."""

import pytest

from shadowbert.domain.records import TrainingJob
from shadowbert.domain.task import Policy
from shadowbert.errors import OperatorError
from shadowbert.flow.operate import Operate, Operator
from shadowbert.flow.train import Train, TrainingResult
from shadowbert.gating.threshold import Scored
from shadowbert.testing.fakes import ScriptedTrainer
from shadowbert.testing.lineage import NOW, Lineage
from tests.store.rows import a_call, loaded

ACCOUNT, CARD, TRANSFER = (0,), (1,), (2,)
WHO = Operator("maria")


def answered(line: Lineage, *answers: tuple[int, ...]) -> None:
    """One call with a new input for each."""
    ids, version = loaded(line.store, len(answers)), line.now
    with line.store.write() as work:
        first = work.exchanges.last_seq() - len(ids) + 1
        rows = zip(ids, range(first, first + len(ids)), answers, strict=True)
        work.calls.add([a_call(version, id_, seq, answer=answer) for id_, seq, answer in rows])


def latest(line: Lineage) -> TrainingJob | None:
    with line.store.read() as work:
        return work.jobs.latest(line.version_id)


def test_one_label_is_waited_out_without_a_job(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    answered(line, *[CARD] * 60)
    assert [train.step() for _ in range(3)] == [False] * 3
    assert (latest(line), trainer.started) == (None, [])
    answered(line, TRANSFER)
    assert not train.step(), "one example of a label is not enough to tell it by"
    answered(line, TRANSFER)
    assert train.step()
    assert len(trainer.started) == 1


def test_a_job_that_waits_with_one_label_ends_with_its_reason_and_comes_no_more(
    line: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    answered(line, *[CARD] * 60)
    with line.store.write() as work:
        work.jobs.queue(line.version_id, cause="student withdrawn", at=NOW)
    assert [train.step() for _ in range(3)] == [False] * 3
    job = latest(line)
    assert job is not None
    assert (job.state, job.message) == ("failed", 'only one label so far ("card" in 60 of 60 examples)')
    assert trainer.started == []


def test_nobody_can_ask_for_a_student_of_one_label(line: Lineage) -> None:
    answered(line, *[CARD] * 60)
    operate = Operate(line.store, Policy(), lambda: NOW)
    with pytest.raises(OperatorError, match="nothing to learn: only one label so far"):
        operate.retrain("bank", WHO)
    answered(line, TRANSFER, TRANSFER)
    assert operate.retrain("bank", WHO) == 62


def test_a_student_is_not_let_say_what_it_learnt_from_one_example(
    line: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    answered(line, *[CARD] * 40, *[TRANSFER] * 30, ACCOUNT)
    assert train.step()
    answered(line, ACCOUNT, ACCOUNT, ACCOUNT)
    rows = [Scored(0.99, agreed=True, answer=CARD)] * 150 + [Scored(0.999, agreed=False, answer=ACCOUNT)] * 50
    trainer.started[0].outcome = TrainingResult(published=True, reason="", recipe="probe", heldout=tuple(rows))
    assert train.step()
    with line.store.read() as work:
        (candidate,) = work.candidates.active(line.version_id)
    assert candidate.slice.excluded == {(0, 0)}, "it has learnt no more since"
    assert candidate.expected_coverage == 0.75, "its answers with that label count as not covered"


def test_a_student_that_serves_by_force_is_not_let_say_it_either(line: Lineage) -> None:
    answered(line, *[CARD] * 40, *[TRANSFER] * 30, ACCOUNT)
    student = line.student()
    answered(line, ACCOUNT, ACCOUNT)
    Operate(line.store, Policy(), lambda: NOW).cutover("bank", WHO, force=True)
    with line.store.read() as work:
        (candidate,) = work.candidates.active(line.version_id)
    assert (candidate.student_id, candidate.slice.excluded) == (student.id, {(0, 0)})
