"""When a version gets a new student, and what becomes of it: a real store, real files, a trainer told its results."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from shadowbert.domain.evidence import Move, Ruling, Verdict
from shadowbert.domain.ids import uuid7
from shadowbert.domain.records import CallRow, Inherited, Progress, TrainingJob
from shadowbert.domain.task import Policy, Stage
from shadowbert.errors import StoreError
from shadowbert.flow.arrange import Arrange
from shadowbert.flow.cadence import Next, next_student
from shadowbert.flow.operate import Operate, Operator
from shadowbert.flow.promote import Promote
from shadowbert.flow.shadow import Shadow
from shadowbert.flow.train import Recipes, Train, TrainingResult
from shadowbert.gating.eprocess import alpha_share
from shadowbert.gating.threshold import Scored, propose
from shadowbert.store.store import Store
from shadowbert.testing.exchanges import an_exchange
from shadowbert.testing.fakes import ScriptedTrainer
from shadowbert.testing.lineage import NOW, Lineage, found
from tests.flow.stationed import ToldShelf

GOOD = TrainingResult(
    published=True,
    reason="",
    recipe="probe",
    scores={"accuracy": 0.98},
    heldout=tuple(Scored(0.99, agreed=True) for _ in range(300)),
)
HOPELESS = TrainingResult(
    published=True, reason="", recipe="probe", heldout=tuple(Scored(0.5, agreed=n % 2 == 0) for n in range(300))
)
FAILED = TrainingResult(published=False, reason="fewer than 10 train examples")
KILLED = TrainingResult(published=False, reason="the training child was killed by signal 9", killed=True)


@pytest.fixture
def line(sqlite_store: Store) -> Lineage:
    return found(sqlite_store)


@pytest.fixture
def trainer() -> ScriptedTrainer:
    return ScriptedTrainer()


@pytest.fixture
def train(sqlite_store: Store, trainer: ScriptedTrainer, tmp_path: Path) -> Train:
    return Train(
        sqlite_store,
        trainer,
        Policy(first_training=40, fine_tune_from=80),
        Recipes(fine_tune_from=80),
        tmp_path,
        lambda: NOW,
    )


def job(line: Lineage) -> TrainingJob:
    with line.store.read() as work:
        latest = work.jobs.latest(line.version_id)
    assert latest is not None
    return latest


def trained(train: Train, trainer: ScriptedTrainer, result: TrainingResult) -> None:
    """One training from start to end."""
    assert train.step()
    trainer.started[-1].outcome = result
    assert train.step()


def test_nothing_is_due_before_enough_examples(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    line.calls(39)
    assert not train.step()
    assert trainer.started == []


def test_the_first_training_and_what_it_is_given(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    calls = line.calls(40)
    assert train.step()
    assert train.step(), "it is still running"
    (training,) = trainer.started
    order = json.loads((training.folder / "job.json").read_text("utf-8"))
    rows = [json.loads(text) for text in (training.folder / "examples.jsonl").read_text("utf-8").splitlines()]
    assert order["artifact_dir"] == str(training.artifact)
    assert order["recipes"] == ["probe", "partial"]
    assert (order["encoder"], order["seed"], order["cutoff"]) == ("bundled", 1, 40)
    assert order["contract"] == line.now.contract.to_json()
    assert (order["task"], order["teacher"]) == (line.now.task, line.now.teacher)
    assert {row["input"] for row in rows} == {call.input for call in calls}
    assert {row["split"] for row in rows} <= {"train", "calibration", "heldout"}
    assert training.artifact.parent.is_dir()
    assert not training.artifact.exists()
    assert (job(line).state, job(line).examples, job(line).attempts, job(line).cause) == (
        "running", 40, 1, "40 examples",
    )  # fmt: skip


def test_from_some_size_on_it_is_fine_tuned(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    line.calls(80)
    train.step()
    order = json.loads((trainer.started[0].folder / "job.json").read_text("utf-8"))
    assert order["recipes"] == ["probe", "finetune", "reinitialised"]


def test_a_good_student_is_registered_entered_and_moves_the_version(
    line: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    line.calls(40)
    trained(train, trainer, GOOD)
    with line.store.read() as work:
        (student,) = work.students.of_version(line.version_id)
        (candidate,) = work.candidates.active(line.version_id)
    assert (student.number, student.recipe, student.examples, student.cutoff_seq) == (1, "probe", 40, 40)
    assert student.scores == {"accuracy": 0.98, "coverage": 1.0, "target": 0.95}
    assert train.home / student.artifact == trainer.started[0].artifact
    assert (candidate.student_id, candidate.number, candidate.start_seq) == (student.id, 1, 40)
    assert candidate.expected_coverage == pytest.approx(1.0)
    assert line.now.stage is Stage.SHADOW
    assert (job(line).state, job(line).message) == (
        "done", "student 1 (probe, 40 examples): expected to cover 100% at the target",
    )  # fmt: skip
    assert not trainer.started[0].folder.exists()


def test_a_student_that_no_threshold_helps_is_kept_but_not_entered(
    line: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    line.calls(40)
    trained(train, trainer, HOPELESS)
    with line.store.read() as work:
        assert len(work.students.of_version(line.version_id)) == 1
        assert work.candidates.active(line.version_id) == []
    assert line.now.stage is Stage.COLLECTING
    assert "no threshold is expected to reach the target" in job(line).message


def test_the_next_trainings_come_at_each_doubling(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    line.calls(40)
    trained(train, trainer, GOOD)
    line.calls(39)
    assert not train.step()
    line.calls(1)
    trained(train, trainer, GOOD)
    with line.store.read() as work:
        assert [s.number for s in work.students.of_version(line.version_id)] == [1, 2]
        assert [c.number for c in work.candidates.active(line.version_id)] == [1, 2], "evidence stands side by side"
    assert line.now.stage is Stage.SHADOW


def test_on_demand_it_trains_before_its_time(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    line.calls(25)
    with line.store.write() as work:
        work.jobs.queue(line.version_id, cause="asked for by maria", at=NOW)
    trained(train, trainer, GOOD)
    assert job(line).cause == "asked for by maria"
    assert line.now.stage is Stage.SHADOW


@pytest.mark.parametrize("stage", [Stage.PAUSED, Stage.OFF])
def test_a_stopped_task_is_not_trained_by_itself(
    stage: Stage, line: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    line.calls(40)
    line.move(stage)
    assert not train.step()
    assert trainer.started == []


def test_a_training_that_ends_after_a_pause_leaves_the_stage_alone(
    line: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    line.calls(40)
    train.step()
    line.move(Stage.PAUSED)
    trainer.started[0].outcome = GOOD
    train.step()
    assert line.now.stage is Stage.PAUSED


def test_a_training_that_ends_after_a_merge_bets_on_the_share_of_alpha_that_is_left(
    line: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    heldout = tuple(Scored(1 - n / 400, agreed=n < 100 or n % 20 != 5) for n in range(300))
    line.calls(40)
    train = replace(train, recipes=Recipes(horizon=300))
    train.step()
    other = found(line.store, task="mail", wording="w1")
    student = other.student()
    numbers = [other.candidate(student).number for _ in range(6)]
    Arrange(line.store, lambda: NOW).merge("mail", Operator("maria"), ["bank"])
    trainer.started[-1].outcome = replace(GOOD, heldout=heldout)
    train.step()
    with line.store.read() as work:
        (candidate,) = work.candidates.active(line.version_id)
    expected = [propose(heldout, 0.95, alpha=alpha_share(number, 0.05), horizon=300) for number in (7, 1)]
    thresholds = [proposal.threshold for proposal in expected if proposal]
    assert (numbers[-1], candidate.number, candidate.slice.threshold) == (6, 7, thresholds[0])
    assert thresholds[0] != thresholds[1]


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


def test_progress_is_noted_once_a_second(
    line: Lineage, train: Train, trainer: ScriptedTrainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.calls(40)
    train.step()
    assert job(line).progress is None
    seen = []
    for step, seconds in ((1, 0.0), (2, 0.4), (3, 0.8), (4, 1.2), (4, 5.0)):
        monkeypatch.setattr(train, "clock", lambda at=NOW + seconds: at)
        trainer.started[0].said = Progress("fine-tuning", step=step, of=9)
        train.step()
        noted = job(line).progress
        assert noted is not None
        seen.append((noted.student, noted.step))
    assert seen == [(1, 1), (1, 1), (1, 1), (1, 4), (1, 4)]
    trainer.started[0].outcome = GOOD
    train.step()
    assert job(line).progress is None


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


def test_after_a_fall_it_waits_for_enough_that_is_new(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    line.calls(40)
    trained(train, trainer, GOOD)
    with line.store.read() as work:
        (candidate,) = work.candidates.active(line.version_id)
    version = line.move(Stage.LIVE, share=1.0, candidate=candidate)
    with line.store.write() as work:
        Promote(line.store, train.policy, lambda: NOW)._demote(
            work, version, candidate, Verdict(Ruling.FAIL, Move.DEMOTE, "It fell.", stage=Stage.SHADOW, share=0.0)
        )
    assert (job(line).state, job(line).waits_for) == ("queued", 90)
    line.calls(39)
    assert not train.step()
    line.calls(1)
    trained(train, trainer, GOOD)
    assert (job(line).state, job(line).cause) == ("done", "80 examples"), "the doubling came first"
    line.calls(79)
    with line.store.write() as work:
        work.jobs.queue(line.version_id, cause="agreement fell", at=NOW, waits_for=130)
    trained(train, trainer, GOOD)
    assert (job(line).state, job(line).cause, job(line).examples) == ("done", "agreement fell", 159)
    assert not train.step(), "not again and again"


def test_what_waits_for_one_task_holds_up_no_other(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    with line.store.write() as work:
        work.jobs.queue(line.version_id, cause="agreement fell", at=NOW - 9, waits_for=90)
    other = found(line.store, task="mail", wording="w1")
    other.calls(40)
    trained(train, trainer, GOOD)
    assert job(other).state == "done"


def at_doublings(line: Lineage, train: Train, trainer: ScriptedTrainer, *agreements: float) -> None:
    """One training at each doubling from 40 examples on."""
    for n, agreement in enumerate(agreements):
        line.calls(40 * 2 ** max(0, n - 1))
        trained(train, trainer, replace(GOOD, scores={"agreement": agreement}))


def test_growth_ends_when_two_doublings_gained_little(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    at_doublings(line, train, trainer, 0.90, 0.902, 0.903)
    line.calls(200)
    assert not train.step()
    with line.store.write() as work:
        following = next_student(work, line.now, train.policy)
        assert following == Next(None, "no further doubling: the last two gained 0.2 and 0.1 points")
        work.jobs.queue(line.version_id, cause="asked for by maria", at=NOW)
    trained(train, trainer, replace(GOOD, scores={"agreement": 0.95}))
    assert job(line).state == "done", "but on demand"
    with line.store.read() as work:
        assert next_student(work, line.now, train.policy).examples == 720


def test_growth_goes_on_where_nothing_gathers_evidence(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    at_doublings(line, train, trainer, 0.90, 0.902, 0.903)
    with line.store.write() as work:
        for candidate in work.candidates.active(line.version_id):
            work.candidates.retire(candidate.id, "agreement is below the target")
    line.calls(160)
    assert train.step()


def test_growth_goes_on_until_every_recipe_was_tried(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    train = replace(train, policy=replace(train.policy, fine_tune_from=300))
    at_doublings(line, train, trainer, 0.90, 0.902, 0.903)
    line.calls(160)
    assert train.step()


def test_stopping_without_a_training_is_nothing(train: Train) -> None:
    train.stop()
    assert not train.step()


@pytest.fixture
def heir(line: Lineage) -> Lineage:
    """A new version of the task with ten examples of its own that inherits thirty."""
    line.calls(30)
    new = found(line.store, task_id=line.now.task_id, created_at=NOW + 1)
    with line.store.write() as work:
        work.tasks.set_inherits(new.version_id, [Inherited(line.version_id, work.exchanges.last_seq())])
    new.calls(10)
    return new


def asked_again(heir: Lineage, calls: Sequence[CallRow]) -> list[str]:
    """The old inputs come as calls of the new version; returns their hashes."""
    exchanges = [an_exchange() for _ in calls]
    with heir.store.write() as work:
        first = work.exchanges.last_seq() + 1
        work.exchanges.load(uuid7(), start=0, end=1, batch=exchanges)
        work.calls.add(
            [
                replace(call, exchange_id=exchange.id, seq=seq, version_id=heir.version_id)
                for seq, (call, exchange) in enumerate(zip(calls, exchanges, strict=True), start=first)
            ]
        )
    return [call.input_hash for call in calls]


def test_a_new_version_trains_at_once_on_what_it_inherits(
    line: Lineage, heir: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    line.calls(9)
    train.step()
    lines = (trainer.started[0].folder / "examples.jsonl").read_text("utf-8").splitlines()
    owners = [json.loads(text)["input"].rpartition(" ")[2] for text in lines]
    assert owners == [line.version_id] * 30 + [heir.version_id] * 10
    trainer.started[0].outcome = GOOD
    train.step()
    assert (job(heir).state, job(heir).examples) == ("done", 40)
    heir.calls(39)
    assert not train.step(), "the next one is due at 80 examples"


def test_what_was_inherited_is_no_evidence(
    heir: Lineage, line: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    trained(train, trainer, GOOD)
    with line.store.read() as work:
        (candidate,) = work.candidates.active(heir.version_id)
        (student,) = work.students.of_version(heir.version_id)
        old = work.calls.labelled(line.version_id)
    hashes = asked_again(heir, old[:7])
    heir.calls(3)
    shadow = Shadow(line.store, ToldShelf(), lambda: NOW)
    while shadow.step():
        pass
    with line.store.read() as work:
        assert work.predictions.audit_counts(candidate.id, candidate.start_seq).rows == 10
        assert work.predictions.promotion_counts(candidate.id).rows == 3
        assert work.calls.trained_inputs(heir.version_id, student.cutoff_seq, hashes) == set(hashes)


def test_what_was_collected_after_it_was_inherited_is_no_evidence_either(
    heir: Lineage, line: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    """Calls are loaded before they are collected: until the training, what is inherited may still grow."""
    with line.store.write() as work:
        work.tasks.set_inherits(heir.version_id, [Inherited(line.version_id, work.exchanges.last_seq() + 5)])
    late = [call.input_hash for call in line.calls(5)]
    trained(train, trainer, GOOD)
    assert job(heir).examples == 45
    with line.store.read() as work:
        (student,) = work.students.of_version(heir.version_id)
        assert work.calls.trained_inputs(heir.version_id, student.cutoff_seq, late) == set(late)
