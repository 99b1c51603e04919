"""Heads, words and neighbours together: what they say of one text, and what is published of them."""

import numpy as np
import pytest

from shadowbert.bert.training.experts import Experts
from shadowbert.bert.training.heads import Head
from shadowbert.bert.training.lexical import fit_expert
from shadowbert.bert.training.neighbours import settle
from shadowbert.bert.training.ngrams import PRIME, count
from shadowbert.bert.training.probe import Rows
from shadowbert.bert.training.product import multiply

CODES = np.array([0, *np.random.default_rng(3).integers(1, PRIME, 30)])
SIZES = (3, 2)
ROWS = 40


def test_what_they_say_together_is_the_product_of_what_each_says() -> None:
    random = np.random.default_rng(0)
    tokens = random.integers(1, 31, (ROWS, 6)).tolist()
    embedded = random.normal(size=(ROWS, 8)).astype(np.float32)
    embedded /= np.linalg.norm(embedded, axis=1, keepdims=True)
    labels = np.column_stack([random.integers(0, 3, ROWS), random.integers(0, 2, ROWS)])
    weights = np.ones(ROWS)
    heads = tuple(
        Head(tuple(range(size)), random.normal(size=(size, 8)).astype(np.float32), np.zeros(size, np.float32))
        for size in SIZES
    )
    counts = count(tokens, CODES)
    words, near = fit_expert(Rows(counts, labels, weights), SIZES), settle(Rows(embedded, labels, weights), SIZES)
    shares = [(0.5, 0.0), (0.25, 1.5)]
    experts = Experts(heads, SIZES).with_words(words, shares[0], CODES).with_neighbours(near, shares[1])
    leading = [head.logits(embedded, size) for head, size in zip(heads, SIZES, strict=True)]
    said = multiply(leading, [words.logits(counts, SIZES), near.logits(embedded, SIZES)], shares)
    expected = np.concatenate(said, axis=1)
    for row in range(ROWS):
        np.testing.assert_allclose(experts.logits(embedded[row], tokens[row]), expected[row], atol=0.01)


def test_who_has_no_share_is_not_published() -> None:
    heads = (Head((0, 2), np.ones((2, 4), np.float32), np.zeros(2, np.float32)),)
    assert set(Experts(heads, (3,)).tensors()) == {"heads.0.labels", "heads.0.weight", "heads.0.bias"}


@pytest.mark.parametrize(("shares", "outputs"), [((1.0, 0.5), [1.0, 1.0, 1.0, 0.5, 0.5])])
def test_a_field_s_share_is_that_of_each_of_its_outputs(shares: tuple[float, float], outputs: list[float]) -> None:
    assert Experts((), SIZES, shares=shares).per_output() == outputs
