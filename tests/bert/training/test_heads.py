"""Heads stacked are the heads apart; labels never seen have no chance."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.bert.serving.decode import probabilities
from shadowbert.bert.training.heads import Head, stack


@st.composite
def heads(draw: st.DrawFn) -> tuple[list[Head], list[int]]:
    random = np.random.default_rng(draw(st.integers(0, 1000)))
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    found = []
    for size in sizes:
        labels = sorted(draw(st.sets(st.integers(0, size - 1), min_size=1)))
        weight, bias = random.normal(size=(len(labels), 8)), random.normal(size=len(labels))
        found.append(Head(tuple(labels), weight.astype(np.float32), bias.astype(np.float32)))
    return found, sizes


@given(case=heads())
def test_stacked_heads_give_the_same_logits_and_never_an_unseen_label(case: tuple[list[Head], list[int]]) -> None:
    own, sizes = case
    features = np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32)
    weight, bias = stack(own, sizes)
    apart = np.concatenate([head.logits(features, size) for head, size in zip(own, sizes, strict=True)], axis=1)
    np.testing.assert_allclose(features @ weight.T + bias, apart, atol=1e-4)
    for row in apart:
        for head, field in zip(own, probabilities(row, sizes, [20.0] * len(sizes)), strict=True):
            assert set(np.flatnonzero(field)) <= set(head.labels)
