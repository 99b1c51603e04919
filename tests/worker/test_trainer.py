"""The training child as the worker sees it: a real process, its real files."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest

from shadowbert.flow.train import TrainingResult
from shadowbert.gating.threshold import Scored
from shadowbert.worker.trainer import HELDOUT, ChildTrainer, ChildTraining
from tests.bert.conftest import make_examples, write_job

PUBLISHED = {"event": "published", "artifact": "a", "recipe": "probe", "variant": "int8", "accuracy": 0.97}
Training = Callable[..., ChildTraining]


def ended(training: ChildTraining, *, patience_s: float = 60.0) -> TrainingResult:
    until = time.monotonic() + patience_s
    while (result := training.result()) is None:
        assert time.monotonic() < until, "the child does not end"
        time.sleep(0.02)
    return result


@pytest.fixture
def training(tmp_path: Path) -> Training:
    """A child of a few lines that has said this much, and leaves with this code."""

    def start(said: Sequence[object] = (), *, code: str = "", heldout: str | None = "") -> ChildTraining:
        text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in said)
        (tmp_path / "progress.jsonl").write_text(text, "utf-8")
        if heldout is not None:
            (tmp_path / HELDOUT).write_text(heldout, "utf-8")
        process = subprocess.Popen([sys.executable, "-c", code])
        return ChildTraining(process, tmp_path, tmp_path)

    return start


def test_a_published_student(training: Training) -> None:
    rows = '{"joint": 0.99, "agreed": true, "answer": [1]}\n{"joint": 0.4, "agreed": false, "answer": [0]}\n'
    result = ended(training([{"event": "epoch", "loss": 1.0}, PUBLISHED], heldout=rows))
    assert result.published
    assert (result.recipe, result.scores) == ("probe", {"accuracy": 0.97})
    assert result.heldout == (Scored(0.99, agreed=True, answer=(1,)), Scored(0.4, agreed=False, answer=(0,)))


@pytest.mark.parametrize(
    ("said", "code", "reason"),
    [
        ([{"event": "failed", "reason": "fewer than 10 train examples"}], "exit(1)", "fewer than 10 train examples"),
        ([], "exit(3)", "the training child ended with 3"),
        ([PUBLISHED], "exit(1)", "the training child ended with 1"),
        ([{"event": "epoch"}], "", "the training child ended with 0"),
        (['{"event": "failed", "reason": "no room"}', '{"event": "ep'], "exit(1)", "no room"),
        (["\x00\ufffd", "[]"], "exit(1)", "the training child ended with 1"),
    ],
)
def test_a_failure_is_told(said: list[object], code: str, reason: str, training: Training) -> None:
    result = ended(training(said, code=code))
    assert (result.published, result.reason, result.killed) == (False, reason, False)


@pytest.mark.parametrize("heldout", [None, "{", '{"joint": 0.5}\n'])
def test_a_student_whose_files_cannot_be_read_is_none(heldout: str | None, training: Training) -> None:
    result = ended(training([PUBLISHED], heldout=heldout))
    assert not result.published
    assert result.reason.startswith("what the training child left cannot be read")


def test_a_killed_child_may_be_tried_again(training: Training) -> None:
    result = ended(training(code="import os; os.kill(os.getpid(), 9)"))
    assert (result.published, result.killed) == (False, True)
    assert result.reason == "the training child was killed by signal 9"


def test_a_running_child_has_no_result_and_can_be_stopped(training: Training) -> None:
    child = training(code="import time; time.sleep(600)")
    assert child.result() is None
    child.stop()
    assert ended(child).killed


def test_a_real_training_from_job_to_artifact(tmp_path: Path, tiny_encoder: Path) -> None:
    folder = write_job(tmp_path / "job", tiny_encoder, make_examples(60))
    with ChildTrainer() as trainer:
        result = ended(trainer.start(folder, folder / "artifact"), patience_s=120)
    assert result.published, result.reason
    assert result.recipe == "probe"
    assert len(result.heldout) >= 12
    assert (folder / "artifact" / "manifest.json").exists()


def test_a_real_training_tells_how_far_it_is(tmp_path: Path, tiny_encoder: Path) -> None:
    folder = write_job(tmp_path / "job", tiny_encoder, make_examples(60), recipes=["probe", "finetune"])
    with ChildTrainer() as trainer:
        child = trainer.start(folder, folder / "artifact")
        assert child.progress() is None
        assert ended(child, patience_s=120).published
    assert '"step"' in (folder / "progress.jsonl").read_text("utf-8")
    tuned = [json.loads(line) for line in (folder / "progress.jsonl").read_text("utf-8").splitlines()]
    steps = [event for event in tuned if event["event"] == "step"]
    assert (steps[0]["step"], steps[-1]["step"]) == (1, steps[0]["of"])
    assert {"phase", "loss", "seconds_left"} <= set(steps[0])


def test_the_child_ends_with_its_parents_lifeline(tmp_path: Path, tiny_encoder: Path) -> None:
    folder = write_job(tmp_path / "job", tiny_encoder, make_examples(2000), recipes=["probe", "finetune"])
    with ChildTrainer() as trainer:
        child = trainer.start(folder, folder / "artifact")
        process = psutil.Process(child._process.pid)
        assert process.nice() == 10
    assert process.wait(30) != 0
    assert not ended(child).published
    assert not (folder / "artifact").exists()
