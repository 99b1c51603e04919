"""What a training is given and what becomes of its student: a real store, real files, a trainer told its results."""

import json
from dataclasses import replace

import pytest

from shadowbert.domain.records import Progress
from shadowbert.domain.task import Stage
from shadowbert.flow.arrange import Arrange
from shadowbert.flow.operate import Operator
from shadowbert.flow.recipes import Recipes
from shadowbert.flow.train import Train
from shadowbert.gating.eprocess import alpha_share
from shadowbert.gating.threshold import Scored, propose
from shadowbert.testing.fakes import ScriptedTrainer
from shadowbert.testing.lineage import NOW, Lineage, found
from tests.flow.trained import GOOD, HOPELESS, job, trained


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
