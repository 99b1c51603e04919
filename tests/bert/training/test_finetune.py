"""The loop learns what frozen features cannot tell, and its parts do what they say."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch

from shadowbert.bert.training.batches import pad
from shadowbert.bert.training.checkpoint import locate
from shadowbert.bert.training.device import start as on
from shadowbert.bert.training.encoder import load
from shadowbert.bert.training.finetune import Judge, Lesson, Pace, Settings, _pace, embedded, fine_tune, repeat
from shadowbert.bert.training.heads import Head


def later(_: Sequence[Head]) -> tuple[float, float]:
    """The last epoch is the best."""
    return next(_EPOCHS), 0.0


_EPOCHS = (float(epoch) for epoch in count(1))


def test_it_learns_what_word_order_means(tiny_encoder: Path) -> None:
    """Both classes have the same words, so only an encoder that changes can tell them apart."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, (96, 1))
    tokens = [[2, *([10, 20] if label else [20, 10]), *random.integers(5, 25, 2), 3] for label in labels[:, 0]]
    start = Head((0, 1), np.zeros((2, 32), np.float32), np.zeros(2, np.float32))
    encoder = load(locate(str(tiny_encoder)), max_tokens=24)
    lesson = Lesson(tokens, labels, torch.ones(96))
    settings = Settings(epochs=20, batch=16, encoder_lr=3e-3)
    (head,) = fine_tune(encoder, [start], lesson, settings=settings, judge=later, accelerator=on("cpu")).heads
    with torch.no_grad():
        features = encoder(*pad(tokens)).numpy()
    assert (head.logits(features, 2).argmax(axis=1) == labels[:, 0]).mean() > 0.9
    assert not encoder.training


def test_the_same_seed_gives_the_same_student(tiny_encoder: Path) -> None:
    def once() -> np.ndarray:
        heads = [Head((0, 3), np.ones((2, 32), np.float32), np.zeros(2, np.float32)), constant]
        labels = np.array([[0, 1], [3, 1]] * 8)
        lesson = Lesson([[2, 5, 3], [2, 9, 3]] * 8, labels, torch.ones(16))
        encoder = load(locate(str(tiny_encoder)), max_tokens=24)
        return (
            fine_tune(encoder, heads, lesson, settings=Settings(epochs=1, batch=8), judge=later, accelerator=on("cpu"))
            .heads[0]
            .weight
        )

    constant = Head((1,), np.zeros((1, 32), np.float32), np.zeros(1, np.float32))
    assert (once() == once()).all()


def test_the_pace_rises_and_falls() -> None:
    paces = [_pace(step, 50, 0.1) for step in range(50)]
    assert paces[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert paces[5:] == sorted(paces[5:], reverse=True)
    assert 0 < paces[-1] < 0.05
    assert _pace(0, 1, 0.1) == 1


def lesson(rows: int) -> tuple[Lesson, list[Head]]:
    """Two texts with two labels."""
    tokens, labels = [[2, 5, 3], [2, 9, 3]] * (rows // 2), np.array([[0], [1]] * (rows // 2))
    return Lesson(tokens, labels, torch.ones(rows)), [
        Head((0, 1), np.zeros((2, 32), np.float32), np.zeros(2, np.float32))
    ]


def scripted(*judged: float) -> tuple[Judge, list[Head]]:
    """A judge with its verdicts ready, and the heads that it was shown."""
    verdicts, shown = iter(judged), []

    def judge(heads: Sequence[Head]) -> tuple[float, float]:
        shown.append(heads[0])
        return next(verdicts), 0.0

    return judge, shown


def test_the_best_epoch_is_kept_and_two_worse_ones_end_it(tiny_encoder: Path) -> None:
    judge, shown = scripted(0.5, 0.9, 0.8, 0.9, 1.0)
    own, heads = lesson(16)
    (head,) = fine_tune(
        load(locate(str(tiny_encoder)), max_tokens=24),
        heads,
        own,
        settings=Settings(epochs=9, batch=8, patience=2),
        judge=judge,
        accelerator=on("cpu"),
    ).heads
    assert len(shown) == 4
    assert (head.weight == shown[1].weight).all()


def test_the_encoder_goes_back_with_its_heads(tiny_encoder: Path) -> None:
    own, heads = lesson(16)
    texts, said = [[2, 5, 7, 3]], []
    encoder = load(locate(str(tiny_encoder)), max_tokens=24)

    def judge(_: Sequence[Head]) -> tuple[float, float]:
        said.append(embedded(encoder, texts))
        return 1 / len(said), 0.0

    fine_tune(
        encoder,
        heads,
        own,
        settings=Settings(epochs=3, batch=8, encoder_lr=1e-2),
        judge=judge,
        accelerator=on("cpu"),
    )
    assert (embedded(encoder, texts) == said[0]).all()
    assert not np.allclose(said[1], said[0], atol=1e-4)


def test_equals_are_parted_by_the_second_number(tiny_encoder: Path) -> None:
    verdicts, shown = iter([(0.5, -2.0), (0.5, -1.0), (0.5, -3.0)]), []

    def judge(heads: Sequence[Head]) -> tuple[float, float]:
        shown.append(heads[0].weight)
        return next(verdicts)

    own, heads = lesson(16)
    encoder = load(locate(str(tiny_encoder)), max_tokens=24)
    tuned = fine_tune(encoder, heads, own, settings=Settings(epochs=3, batch=8), judge=judge, accelerator=on("cpu"))
    assert tuned.epoch == 2
    assert (tuned.heads[0].weight == shown[1]).all()


def test_a_repeated_course_goes_as_far_as_the_best_epoch(tiny_encoder: Path) -> None:
    own, heads = lesson(16)
    settings, path = Settings(epochs=4, batch=8, encoder_lr=1e-2), locate(str(tiny_encoder))
    judge, _ = scripted(0.5, 0.9, 0.8, 0.7)
    tuned = fine_tune(load(path, max_tokens=24), heads, own, settings=settings, judge=judge, accelerator=on("cpu"))
    again = repeat(load(path, max_tokens=24), heads, own, pace=Pace(settings, tuned.epoch), accelerator=on("cpu"))
    assert (again[0].weight == tuned.heads[0].weight).all()


def test_what_is_frozen_stays_and_learns_again_afterwards(tiny_encoder: Path) -> None:
    encoder = load(locate(str(tiny_encoder)), max_tokens=24)
    before = {name: own.clone() for name, own in encoder.model.named_parameters()}
    own, heads = lesson(16)
    fine_tune(
        encoder,
        heads,
        own,
        settings=Settings(epochs=1, batch=8, encoder_lr=1e-2, frozen=0.5),
        judge=later,
        accelerator=on("cpu"),
    )
    moved = {name for name, now in encoder.model.named_parameters() if not torch.equal(now, before[name])}
    assert moved
    assert all(name.startswith("encoder.layer.1.") for name in moved)
    assert all(now.requires_grad for now in encoder.parameters())


def test_embeddings_come_in_the_order_of_the_texts(tiny_encoder: Path) -> None:
    encoder = load(locate(str(tiny_encoder)), max_tokens=24)
    texts = [[2, *range(5, 5 + length), 3] for length in (9, 1, 4)]
    together = embedded(encoder, texts)
    for text, found in zip(texts, together, strict=True):
        np.testing.assert_allclose(embedded(encoder, [text])[0], found, atol=2e-2)
