"""The loop learns what frozen features cannot tell, and its parts do what they say."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.bert.training.checkpoint import locate
from shadowbert.bert.training.encoder import load
from shadowbert.bert.training.finetune import Lesson, Settings, _batches, _pace, fine_tune, pad
from shadowbert.bert.training.heads import Head


def test_it_learns_what_word_order_means(tiny_encoder: Path) -> None:
    """Both classes have the same words, so only an encoder that changes can tell them apart."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, (96, 1))
    tokens = [[2, *([10, 20] if label else [20, 10]), *random.integers(5, 25, 2), 3] for label in labels[:, 0]]
    start = Head((0, 1), np.zeros((2, 32), np.float32), np.zeros(2, np.float32))
    encoder = load(locate(str(tiny_encoder)), max_tokens=24)
    lesson = Lesson(tokens, labels, torch.ones(96))
    (head,) = fine_tune(encoder, [start], lesson, settings=Settings(epochs=20, batch=16, encoder_lr=3e-3))
    with torch.no_grad():
        features = encoder(*pad(tokens)).numpy()
    assert (head.logits(features, 2).argmax(axis=1) == labels[:, 0]).mean() > 0.9
    assert not encoder.training


def test_the_same_seed_gives_the_same_student(tiny_encoder: Path) -> None:
    def once() -> np.ndarray:
        heads = [Head((0, 3), np.ones((2, 32), np.float32), np.zeros(2, np.float32)), constant]
        labels = np.array([[0, 1], [3, 1]] * 8)
        lesson = Lesson([[2, 5, 3], [2, 9, 3]] * 8, labels, torch.ones(16))
        return fine_tune(
            load(locate(str(tiny_encoder)), max_tokens=24), heads, lesson, settings=Settings(epochs=1, batch=8)
        )[0].weight

    constant = Head((1,), np.zeros((1, 32), np.float32), np.zeros(1, np.float32))
    assert (once() == once()).all()


@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=200), epoch=st.integers(0, 3))
def test_every_row_is_in_one_batch(lengths: list[int], epoch: int) -> None:
    tokens = [[1] * length for length in lengths]
    batches = list(_batches(tokens, Settings(batch=8), epoch))
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    assert max(map(len, batches)) <= 8


def test_the_pace_rises_and_falls() -> None:
    paces = [_pace(step, 50, 0.1) for step in range(50)]
    assert paces[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert paces[5:] == sorted(paces[5:], reverse=True)
    assert 0 < paces[-1] < 0.05
    assert _pace(0, 1, 0.1) == 1


def test_padding_is_masked() -> None:
    ids, mask = pad([[5, 6, 7], [8]])
    assert ids.tolist() == [[5, 6, 7], [8, 0, 0]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_few_rows_are_seen_more_often() -> None:
    assert [Settings.for_rows(rows, seed=1).epochs for rows in (100, 600, 1_400, 20_000)] == [10, 7, 3, 3]
