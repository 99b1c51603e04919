"""Two processes on a CPU that train one encoder: alike, like one alone, and never one without the other."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from shadowbert.bert.training.checkpoint import Checkpoint
from shadowbert.bert.training.course import Course, Exam, attend
from shadowbert.bert.training.course_files import read_course, write_course
from shadowbert.bert.training.device import Place, start
from shadowbert.bert.training.encoder import Encoder, load
from shadowbert.bert.training.finetune import Lesson, Settings
from shadowbert.bert.training.heads import Head
from shadowbert.bert.training.ranks import teach, watch
from shadowbert.errors import RankDied

TWO = Place("cpu", 2)
ALONE = """
import json, sys
from pathlib import Path
from safetensors.torch import save_file
from shadowbert.bert.training.device import Place
from shadowbert.bert.training.rank import take_part
folder, rank = Path(sys.argv[1]), int(sys.argv[2])
encoder, tuned = take_part(folder, Place("cpu", 2), rank)
save_file(dict(encoder.state_dict()), folder / f"rank{rank}.safetensors")
(folder / f"rank{rank}.epoch").write_text(str(tuned.epoch))
"""


@pytest.fixture
def encoder(tiny_encoder: Path) -> Encoder:
    """Leaves nothing out by chance, so that what is shared out must come to the same."""
    quiet = load(Checkpoint("tiny", tiny_encoder, {"model_type": "bert"}, "mean"), max_tokens=24)
    for module in quiet.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    quiet.model.config.hidden_dropout_prob = quiet.model.config.attention_probs_dropout_prob = 0.0
    return quiet


def course(until: int | None = None) -> Course:
    """An odd number of rows, some batches of which have one row for two ranks."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, (33, 1))
    tokens = [[2, *([10, 20] if label else [20, 10]), *random.integers(5, 25, 2).tolist(), 3] for label in labels[:, 0]]
    head = Head((0, 1), np.zeros((2, 32), np.float32), np.zeros(2, np.float32))
    exam = Exam(tokens[:9], labels[:9], np.ones(9), (2,))
    settings = Settings(epochs=4, batch=8, encoder_lr=1e-3)
    return Course([head], Lesson(tokens, labels, torch.ones(33)), settings, exam if until is None else until)


def test_a_course_is_the_same_after_its_journey(encoder: Encoder, tmp_path: Path) -> None:
    write_course(tmp_path, encoder, course())
    there, found = read_course(tmp_path)
    sent = course()
    assert isinstance(found.until, Exam)
    assert isinstance(sent.until, Exam)
    assert found.settings == sent.settings
    assert (found.lesson.tokens, found.until.tokens, found.until.sizes) == (sent.lesson.tokens, sent.until.tokens, (2,))
    assert (found.lesson.labels == sent.lesson.labels).all()
    assert (found.until.weights == sent.until.weights).all()
    assert found.heads[0].labels == (0, 1)
    assert (found.heads[0].weight == sent.heads[0].weight).all()
    assert all(torch.equal(own, there.state_dict()[name]) for name, own in encoder.state_dict().items())
    write_course(tmp_path, encoder, course(until=3))
    assert read_course(tmp_path)[1].until == 3


def test_both_ranks_end_alike_and_like_one_alone(encoder: Encoder, tmp_path: Path) -> None:
    write_course(tmp_path, encoder, course())
    pair = [subprocess.Popen([sys.executable, "-c", ALONE, str(tmp_path), str(rank)]) for rank in (0, 1)]
    assert [one.wait(60) for one in pair] == [0, 0]
    first, second = (load_file(tmp_path / f"rank{rank}.safetensors") for rank in (0, 1))
    assert all(torch.equal(own, second[name]) for name, own in first.items())
    tuned = attend(encoder, course(), start("cpu"))
    assert {(tmp_path / f"rank{rank}.epoch").read_text() for rank in (0, 1)} == {str(tuned.epoch)}
    for name, own in encoder.state_dict().items():
        torch.testing.assert_close(first[name], own, atol=2e-3, rtol=0)


def test_what_ranks_learnt_comes_back(encoder: Encoder, tmp_path: Path) -> None:
    before = {name: own.clone() for name, own in encoder.state_dict().items()}
    tuned = teach(encoder, course(until=1), TWO, tmp_path)
    assert tuned.epoch == 1
    assert np.abs(tuned.heads[0].weight).max() > 0
    moved = [name for name, own in encoder.state_dict().items() if not torch.equal(own, before[name])]
    assert len(moved) > 10
    assert list(tmp_path.iterdir()) == []


def processes(*codes: str) -> list[subprocess.Popen[bytes]]:
    return [subprocess.Popen([sys.executable, "-c", code]) for code in codes]


@pytest.mark.parametrize(
    ("dies", "how"),
    [("exit(3)", "rank 1 of 2 ended with 3"), ("import os; os.kill(os.getpid(), 9)", "was killed by signal 9")],
)
def test_one_that_dies_is_noticed_while_others_wait(dies: str, how: str) -> None:
    ranks = processes("import time; time.sleep(600)", dies)
    with pytest.raises(RankDied, match=how):
        watch(ranks)
    ranks[0].kill()
    assert ranks[0].wait() == -9
