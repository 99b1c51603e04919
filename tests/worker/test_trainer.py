"""The training child as the worker sees it: a real process, its real files."""

import json
import os
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
from shadowbert.worker.vigil import Vigil
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

    def start(
        said: Sequence[object] = (), *, code: str = "", heldout: str | None = "", vigil: Vigil | None = None
    ) -> ChildTraining:
        text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in said)
        (tmp_path / "progress.jsonl").write_text(text, "utf-8")
        if heldout is not None:
            (tmp_path / HELDOUT).write_text(heldout, "utf-8")
        with (tmp_path / "errors.log").open("wb") as errors:
            process = subprocess.Popen([sys.executable, "-c", code], stderr=errors)
        return ChildTraining(process, tmp_path, tmp_path, vigil or Vigil(600.0))

    return start


def test_a_published_student(training: Training) -> None:
    rows = '{"joint": 0.99, "agreed": true, "answer": [1]}\n{"joint": 0.4, "agreed": false, "answer": [0]}\n'
    result = ended(training([{"event": "epoch", "loss": 1.0}, PUBLISHED], heldout=rows))
    assert result.published
    assert (result.recipe, result.scores) == ("probe", {"accuracy": 0.97})
    assert result.heldout == (Scored(0.99, agreed=True, answer=(1,)), Scored(0.4, agreed=False, answer=(0,)))


@pytest.mark.parametrize(
    ("said", "code", "reason", "again"),
    [
        (
            [{"event": "failed", "reason": "fewer than 10 train examples"}],
            "exit(1)",
            "fewer than 10 train examples",
            False,
        ),
        ([{"event": "failed", "reason": "MemoryError", "again": True}], "exit(1)", "MemoryError", True),
        ([], "exit(3)", "the training child ended with 3", True),
        ([], "import nowhere", "the training child ended with 1: ModuleNotFoundError: No module named 'nowhere'", True),
        ([PUBLISHED], "exit(1)", "the training child ended with 1", True),
        ([{"event": "epoch"}], "", "the training child ended with 0", True),
        (['{"event": "failed", "reason": "no room"}', '{"event": "ep'], "exit(1)", "no room", False),
        (["\x00\ufffd", "[]"], "exit(1)", "the training child ended with 1", True),
    ],
)
def test_a_failure_is_told(said: list[object], code: str, reason: str, again: bool, training: Training) -> None:
    """One that says why is final, unless memory ran out; one that does not is worth another attempt."""
    result = ended(training(said, code=code))
    assert (result.published, result.reason, result.killed) == (False, reason, again)


NO_NUMBERS = (
    '{"joint": NaN, "agreed": true, "answer": [0]}\n',
    '{"joint": 1.5, "agreed": true, "answer": [0]}\n',
)


@pytest.mark.parametrize("heldout", [None, "{", '{"joint": 0.5}\n', *NO_NUMBERS])
def test_a_student_whose_files_cannot_be_read_is_none(heldout: str | None, training: Training) -> None:
    result = ended(training([PUBLISHED], heldout=heldout))
    assert not result.published
    assert result.reason.startswith("what the training child left cannot be read")


def test_a_killed_child_may_be_tried_again(training: Training) -> None:
    result = ended(training(code="import os; os.kill(os.getpid(), 9)"))
    assert (result.published, result.killed) == (False, True)
    assert result.reason == "the training child was killed by signal 9: often because memory ran out"


def test_a_score_that_is_no_number_is_left_out(training: Training) -> None:
    lost = json.dumps({**PUBLISHED, "macro": float("nan"), "gap": float("inf")})
    assert ended(training([lost])).scores == {"accuracy": 0.97}


@pytest.mark.parametrize("hangs", ["import time; time.sleep(600)", "import os, signal; os.kill(os.getpid(), 19)"])
def test_a_child_that_is_stuck_is_ended_and_may_be_tried_again(hangs: str, training: Training) -> None:
    times = iter([0.0, 59.0, 60.0])
    child = training(code=hangs, vigil=Vigil(60.0, lambda: next(times)))
    assert child.result() is None
    assert child.result() is None
    for _ in range(2):
        result = child.result()
        assert result is not None
        assert (result.published, result.killed) == (False, True)
        assert result.reason == "the training child was stuck: neither a word nor work for 1 minute"


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
    steps = [event for event in tuned if event["event"] == "step" and event["recipe"] == "finetune"]
    assert steps[0]["step"] == 1 <= steps[-1]["step"] <= steps[-1]["of"]
    assert {"phase", "loss", "seconds_left"} <= set(steps[0])


def test_the_child_ends_with_its_parents_lifeline(tmp_path: Path, tiny_encoder: Path) -> None:
    folder = write_job(tmp_path / "job", tiny_encoder, make_examples(2000), recipes=["probe", "finetune"])
    with ChildTrainer() as trainer:
        child = trainer.start(folder, folder / "artifact")
        process = psutil.Process(child._process.pid)
        assert process.nice() == 10
        assert os.getsid(process.pid) == os.getsid(0)  # or "nice" would count for nothing
        assert os.getpgid(process.pid) == process.pid
    assert process.wait(30) != 0
    assert not ended(child).published
    assert not (folder / "artifact").exists()
