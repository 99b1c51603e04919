"""Shares go to experts that know more; a product of experts is one opinion."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.bert.serving.decode import softmax
from shadowbert.bert.training.heads import UNSEEN
from shadowbert.bert.training.product import fit_shares, multiply

Floats32 = npt.NDArray[np.float32]
ROWS, CLASSES = 400, 3


def noise(seed: int) -> Floats32:
    return np.random.default_rng(seed).normal(size=(ROWS, CLASSES)).astype(np.float32)


def labels(seed: int = 0) -> npt.NDArray[np.int64]:
    return np.random.default_rng(seed).integers(0, CLASSES, (ROWS, 1))


def witness(truth: npt.NDArray[np.int64], seed: int) -> Floats32:
    """Logits of a Gaussian that is seen through noise of its own: right in about three rows of four."""
    seen = np.eye(CLASSES)[truth[:, 0]] + 0.6 * np.random.default_rng(seed).normal(size=(ROWS, CLASSES))
    return (seen / 0.6**2).astype(np.float32)


def test_two_independent_witnesses_count_alike_and_noise_counts_for_nothing() -> None:
    truth, ones = labels(), np.ones(ROWS)
    (second,), (third,) = fit_shares([witness(truth, 1)], [[witness(truth, 2)], [noise(3)]], truth, ones)
    assert second == pytest.approx(1, abs=0.3)
    assert third == pytest.approx(0, abs=0.2)


def test_the_product_knows_more_than_each_expert() -> None:
    truth, fresh, ones = labels(), labels(7), np.ones(ROWS)
    shares = fit_shares([witness(truth, 1)], [[witness(truth, 2)]], truth, ones)
    alone, other = witness(fresh, 11), witness(fresh, 12)
    (both,) = multiply([alone], [[other]], shares)
    right = [(said.argmax(axis=1) == fresh[:, 0]).mean() for said in (both, alone, other)]
    assert right[0] > max(right[1:]) + 0.05


def test_a_useless_leading_expert_is_outvoted() -> None:
    truth = labels()
    ((share,),) = fit_shares([noise(1)], [[5 * np.eye(CLASSES, dtype=np.float32)[truth[:, 0]]]], truth, np.ones(ROWS))
    assert share >= 1


def test_each_field_has_its_own_shares() -> None:
    truth = np.concatenate([labels(0), labels(1)], axis=1)
    first, second = witness(truth[:, :1], 1), witness(truth[:, 1:], 2)
    ((told, untold),) = fit_shares([noise(3), second], [[first, noise(4)]], truth, np.ones(ROWS))
    assert told > 1
    assert untold < 0.2


def test_a_label_without_examples_has_no_chance_and_says_nothing_about_shares() -> None:
    dense = np.full((4, 2), UNSEEN, dtype=np.float32)
    dense[:, 0] = 0
    (logits,) = multiply([dense], [[np.ones((4, 2), np.float32)]], [(4.0,)])
    assert logits.tolist() == [[4.0, UNSEEN]] * 4
    assert fit_shares([dense], [[dense]], np.ones((4, 1), dtype=np.int64), np.ones(4)) == [(0.0,)]


def test_rows_of_no_weight_say_nothing() -> None:
    truth = labels()
    half = np.where(np.arange(ROWS) < ROWS // 2, 1.0, 0.0)
    doubted = np.where(half[:, None] > 0, truth, (truth + 1) % CLASSES)
    said = [[witness(truth, 2)], [noise(3)]]
    assert fit_shares([witness(truth, 1)], said, truth, half) == fit_shares([witness(truth, 1)], said, doubted, half)


@given(share=st.floats(0, 4, width=32), shift=st.floats(-5, 5, width=32))
def test_what_an_expert_says_of_all_labels_alike_changes_nothing(share: float, shift: float) -> None:
    dense, words = noise(1)[:5], noise(2)[:5]
    (plain,) = multiply([dense], [[words]], [(share,)])
    (moved,) = multiply([dense], [[words + np.float32(shift)]], [(share,)])
    np.testing.assert_allclose(softmax(moved.astype(float)), softmax(plain.astype(float)), atol=1e-4)
