"""Cross-fitting: every row is guessed once, by a head that has not seen it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.bert.training.heads import UNSEEN
from shadowbert.bert.training.probe import REGULARISATION, Probe, Rows, deal, fit_head, fit_probe


def blobs(count: int, *, classes: int, spread: float = 0.1, seed: int = 0) -> Rows:
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, (count, 1))
    features = np.eye(8)[labels[:, 0]] + spread * random.normal(size=(count, 8))
    return Rows(features.astype(np.float32), labels, np.ones(count))


@given(
    labels=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), min_size=5, max_size=60), seed=st.integers(0, 9)
)
def test_folds_are_even_and_so_is_each_answer_in_them(labels: list[tuple[int, int]], seed: int) -> None:
    rows = np.array(labels)
    folds = deal(rows, seed=seed, folds=5)
    sizes = np.bincount(folds, minlength=5)
    assert sizes.max() - sizes.min() <= 1
    for answer in set(labels):
        own = np.bincount(folds[(rows == answer).all(axis=1)], minlength=5)
        assert own.max() - own.min() <= 1


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_it_tells_blobs_apart_out_of_fold_and_on_new_rows(classes: int) -> None:
    rows = blobs(120, classes=classes)
    probe = fit_probe(rows, [classes], deal(rows.labels, seed=0))
    assert (probe.logits[0].argmax(axis=1) == rows.labels[:, 0]).all()
    fresh = blobs(50, classes=classes, seed=1)
    assert (probe.heads[0].logits(fresh.features, classes).argmax(axis=1) == fresh.labels[:, 0]).all()
    assert probe.regularisation[0] in REGULARISATION


def test_out_of_fold_logits_owe_nothing_to_their_own_label() -> None:
    """Labels without any relation to the features: in-sample logits would look far better than chance."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, (200, 1))
    rows = Rows(random.normal(size=(200, 60)).astype(np.float32), labels, np.ones(200))
    probe = fit_probe(rows, [2], deal(rows.labels, seed=0))
    assert (probe.logits[0].argmax(axis=1) == labels[:, 0]).mean() < 0.6
    weak = fit_head(rows, 0, 100.0)
    assert (weak.logits(rows.features, 2).argmax(axis=1) == labels[:, 0]).mean() > 0.7


@given(of=st.lists(st.integers(0, 12), min_size=1, max_size=60), seed=st.integers(0, 9))
def test_a_group_is_in_one_fold(of: list[int], seed: int) -> None:
    groups = np.array([f"g{number}" for number in of])
    folds = deal(np.arange(len(of))[:, None] % 3, seed=seed, groups=groups)
    by_group = [set(folds[groups == group].tolist()) for group in np.unique(groups)]
    assert all(len(own) == 1 for own in by_group)
    sizes = np.bincount([own.pop() for own in by_group], minlength=5)
    assert sizes.max() - sizes.min() <= 1


def test_out_of_fold_logits_owe_nothing_to_a_near_duplicate() -> None:
    """Four rows are one another's likes, with labels without any relation to the features."""
    random = np.random.default_rng(0)
    features, labels = random.normal(size=(60, 60)).astype(np.float32), random.integers(0, 2, (60, 1))
    rows = Rows(np.tile(features, (4, 1)), np.tile(labels, (4, 1)), np.ones(240))
    groups = np.tile([f"g{number}" for number in range(60)], 4)

    def agreement(probe: Probe) -> float:
        return float((probe.logits[0].argmax(axis=1) == rows.labels[:, 0]).mean())

    assert agreement(fit_probe(rows, [2], deal(rows.labels, seed=0))) > 0.9
    assert agreement(fit_probe(rows, [2], deal(rows.labels, seed=0, groups=groups))) < 0.65


def test_a_field_with_one_seen_label_is_constant() -> None:
    rows = Rows(np.ones((20, 8), np.float32), np.full((20, 1), 2), np.ones(20))
    probe = fit_probe(rows, [4], deal(rows.labels, seed=0))
    assert probe.heads[0].labels == (2,)
    assert (probe.logits[0][:, 2] == 0).all()
    assert (np.delete(probe.logits[0], 2, axis=1) == np.float32(UNSEEN)).all()


def test_a_label_seen_once_is_unseen_in_its_own_fold_only() -> None:
    rows = blobs(40, classes=3)
    rows.labels[7] = 5
    probe = fit_probe(rows, [6], deal(rows.labels, seed=0))
    assert probe.logits[0][7, 5] == np.float32(UNSEEN)
    assert 5 in probe.heads[0].labels


def test_weights_decide_between_contradictions() -> None:
    features = np.ones((40, 8), np.float32)
    labels = np.array([[0], [1]] * 20)
    heavy = Rows(features, labels, np.where(labels[:, 0] == 1, 9.0, 1.0))
    chosen = fit_head(heavy, 0, 10.0).logits(features[:1], 2)[0]
    assert np.exp(chosen[1] - chosen[0]) == pytest.approx(9, rel=0.1)
