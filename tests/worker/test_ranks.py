"""A training by two ranks, as the worker sees it: it ends in a student, and no rank is left where it does not."""

import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from shadowbert.bert.training.tuned import parts_of
from shadowbert.worker.trainer import ChildTrainer, ChildTraining
from tests.bert.conftest import make_examples, write_job
from tests.worker.test_trainer import ended

PARTS = parts_of(60)
PATIENCE_S = 300.0


def ranks_of(child: ChildTraining) -> list[psutil.Process]:
    """Both, as soon as both are there."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and child.result() is None:
        found = psutil.Process(child._process.pid).children()
        if len(found) == 2 and all(f"--rank={n}" in one.cmdline() for n, one in enumerate(found)):
            return found
        time.sleep(0.02)
    raise AssertionError(f"there were never two ranks: {child.result()}")


@pytest.fixture
def child(tmp_path: Path, tiny_encoder: Path) -> Callable[[ChildTrainer], ChildTraining]:
    def start(trainer: ChildTrainer) -> ChildTraining:
        settings = {"recipes": ["probe", "finetune"], "device": "cpu", "devices": 2}
        folder = write_job(tmp_path / "job", tiny_encoder, make_examples(60), **settings)
        return trainer.start(folder, folder / "artifact")

    return start


@pytest.mark.slow
def test_two_ranks_make_a_student(child: Callable[[ChildTrainer], ChildTraining], tmp_path: Path) -> None:
    with ChildTrainer() as trainer:
        training = child(trainer)
        assert len(ranks_of(training)) == 2
        result = ended(training, patience_s=PATIENCE_S)
    assert result.published, result.reason
    assert "finetune.agreement" in result.scores
    begun = (tmp_path / "job" / "progress.jsonl").read_text("utf-8").count('"event": "epoch", "epoch": 1,')
    assert begun in (1, 1 + PARTS, 2 + PARTS), "a run is told once, by its first rank: alone, cross-fitted, published"


@pytest.mark.slow
def test_where_one_rank_dies_all_do_and_the_training_may_be_tried_again(
    child: Callable[[ChildTrainer], ChildTraining],
) -> None:
    with ChildTrainer() as trainer:
        training = child(trainer)
        first, second = ranks_of(training)
        second.kill()
        result = ended(training, patience_s=PATIENCE_S)
    assert (result.published, result.killed) == (False, True)
    assert result.reason == "rank 1 of 2 was killed by signal 9"
    assert not first.is_running()


@pytest.mark.slow
def test_no_rank_outlives_a_training_that_is_killed(child: Callable[[ChildTrainer], ChildTraining]) -> None:
    with ChildTrainer() as trainer:
        training = child(trainer)
        ranks = ranks_of(training)
        psutil.Process(training._process.pid).kill()
        assert ended(training).killed
        _, alive = psutil.wait_procs(ranks, timeout=PATIENCE_S)
    assert alive == []
