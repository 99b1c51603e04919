"""Trainings that fail, are killed, cancelled or taken up by another worker."""

from pathlib import Path

import pytest

from shadowbert.domain.task import Stage
from shadowbert.errors import StoreError
from shadowbert.flow.operate import Operate, Operator
from shadowbert.flow.train import Train
from shadowbert.testing.fakes import ScriptedTrainer
from shadowbert.testing.lineage import NOW, Lineage
from tests.flow.trained import FAILED, GOOD, KILLED, job, trained


def test_a_failure_ends_the_job_until_the_next_doubling(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    line.calls(40)
    trained(train, trainer, FAILED)
    assert (job(line).state, job(line).message) == ("failed", "fewer than 10 train examples")
    assert not trainer.started[0].folder.exists()
    assert not train.step()
    assert line.now.stage is Stage.COLLECTING


def test_a_killed_child_is_tried_again_but_not_for_ever(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    line.calls(40)
    for attempt in (1, 2, 3):
        assert job_state(line) == (None if attempt == 1 else "running")
        trained(train, trainer, KILLED)
        assert job(line).attempts == attempt
    assert (job(line).state, job(line).message) == ("failed", f"{KILLED.reason}; tried 3 times")
    assert not train.step()
    assert len(trainer.started) == 3


def job_state(line: Lineage) -> str | None:
    with line.store.read() as work:
        latest = work.jobs.latest(line.version_id)
    return latest.state if latest else None


def test_a_restart_takes_a_running_job_up_again(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    line.calls(40)
    train.step()
    train.stop()
    assert trainer.started[0].stopped
    successor = Train(train.ledger, trainer, train.policy, train.recipes, train.home, train.clock)
    trained(successor, trainer, GOOD)
    assert (job(line).state, job(line).attempts) == ("done", 2)
    assert trainer.started[1].folder == trainer.started[0].folder
    assert trainer.started[1].artifact != trainer.started[0].artifact, "an artifact is published once"


def test_workers_that_die_over_one_job_give_it_up(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    line.calls(40)
    for _ in range(3):
        Train(train.ledger, trainer, train.policy, train.recipes, train.home, train.clock).step()
    assert not train.step()
    assert (job(line).state, job(line).message) == ("failed", "gave up after 3 tries")


def test_a_worker_that_slept_past_its_lease_does_not_publish(
    line: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    line.calls(40)
    train.step()
    other = Train(train.ledger, trainer, train.policy, train.recipes, train.home, train.clock)
    other.step()
    trainer.started[0].outcome = trainer.started[1].outcome = GOOD
    train.step()
    with line.store.read() as work:
        assert work.students.of_version(line.version_id) == []
    assert trainer.started[1].folder.exists(), "it is the other worker's by now"
    other.step()
    with line.store.read() as work:
        (student,) = work.students.of_version(line.version_id)
    assert train.home / student.artifact == trainer.started[1].artifact


def test_a_store_that_refuses_is_asked_again(
    line: Lineage, train: Train, trainer: ScriptedTrainer, tmp_path: Path
) -> None:
    line.calls(40)
    train.step()
    trainer.started[0].outcome = GOOD
    database, away = tmp_path / "store.db", tmp_path / "away.db"
    line.store.close()
    database.rename(away)
    database.mkdir()
    with pytest.raises(StoreError):
        train.step()
    assert trainer.started[0].folder.exists()
    database.rmdir()
    away.rename(database)
    assert train.step()
    assert job(line).state == "done"


def test_a_cancelled_training_is_stopped_and_leaves_nothing(
    line: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    line.calls(40)
    train.step()
    (child,) = trainer.started
    half_done = child.artifact.parent / ".training-x"
    half_done.mkdir()
    Operate(line.store, train.policy, lambda: NOW).cancel("bank", Operator("maria", "too noisy"))
    assert not child.stopped
    assert train.step()
    assert child.stopped
    assert not child.folder.exists()
    assert list(child.artifact.parent.iterdir()) == []
    assert (job(line).state, job(line).message) == ("cancelled", "Cancelled by maria: too noisy.")
    line.calls(39)
    assert not train.step()
    line.calls(1)
    assert train.step(), "at the next doubling"


def test_a_training_that_is_cancelled_as_it_ends_publishes_nothing(
    line: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    line.calls(40)
    train.step()
    trainer.started[0].artifact.mkdir()
    trainer.started[0].outcome = GOOD
    Operate(line.store, train.policy, lambda: NOW).cancel("bank", Operator("maria"))
    assert train.step()
    with line.store.read() as work:
        assert work.students.of_version(line.version_id) == []
    assert not trainer.started[0].artifact.exists()
    assert job(line).state == "cancelled"


def test_a_training_asked_for_right_after_a_cancel_is_another_one(
    line: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    line.calls(40)
    train.step()
    operate = Operate(line.store, train.policy, lambda: NOW)
    operate.cancel("bank", Operator("maria"))
    operate.retrain("bank", Operator("maria"))
    assert train.step()
    assert trainer.started[0].stopped
    trained(train, trainer, GOOD)
    assert (job(line).state, job(line).attempts) == ("done", 1)
    assert not trainer.started[1].stopped


def test_a_student_that_was_killed_after_it_was_published_is_taken_away(
    line: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    line.calls(40)
    train.step()
    trainer.started[0].artifact.mkdir()
    trainer.started[0].outcome = KILLED
    train.step()
    assert not trainer.started[0].artifact.exists()


def test_stopping_without_a_training_is_nothing(train: Train) -> None:
    train.stop()
    assert not train.step()
