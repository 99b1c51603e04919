"""The fitted temperature makes confidences true, and is the best one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.bert.serving.decode import softmax
from shadowbert.bert.training.calibrate import COLDEST, HOTTEST, fit_temperature


def loss(logits: np.ndarray, labels: np.ndarray, weights: np.ndarray, t: float) -> float:
    true = softmax(logits / t)[np.arange(len(labels)), labels]
    return float(-(weights * np.log(np.maximum(true, 1e-300))).sum())


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_it_finds_the_temperature_that_made_the_labels(true: float) -> None:
    random = np.random.default_rng(0)
    logits = random.normal(size=(6000, 4)) * 3
    chances = softmax(logits / true).cumsum(axis=1)
    labels = (random.random((6000, 1)) > chances).sum(axis=1).clip(max=3)
    assert fit_temperature(logits, labels, np.ones(6000)) == pytest.approx(true, rel=0.07)


@given(seed=st.integers(0, 10_000), rows=st.integers(1, 30), classes=st.integers(1, 5))
def test_no_other_temperature_is_better(seed: int, rows: int, classes: int) -> None:
    random = np.random.default_rng(seed)
    logits, labels = random.normal(size=(rows, classes)) * 2, random.integers(0, classes, rows)
    weights = random.uniform(0.1, 5, rows)
    best = fit_temperature(logits, labels, weights)
    assert COLDEST * 0.999 <= best <= HOTTEST * 1.001
    for other in (COLDEST, 0.5, 1.0, best * 0.9, best * 1.1, HOTTEST):
        if COLDEST <= other <= HOTTEST:
            assert loss(logits, labels, weights, best) <= loss(logits, labels, weights, other) + 1e-6


def test_without_rows_nothing_changes() -> None:
    assert fit_temperature(np.empty((0, 3)), np.empty(0, dtype=np.int64), np.empty(0)) == 1.0
