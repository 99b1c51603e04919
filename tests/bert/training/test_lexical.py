"""What the words say: fitted on rows, judged on others, added to the encoder's opinion with a share."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from shadowbert.bert.training.heads import stack
from shadowbert.bert.training.lexical import NgramTable, fit_expert, join, out_of_fold
from shadowbert.bert.training.ngrams import PRIME, count
from shadowbert.bert.training.probe import Rows, deal
from shadowbert.bert.training.product import multiply

CODES = np.array([0, *np.random.default_rng(3).integers(1, PRIME, 60)])


def texts(rows: int, *, classes: int = 3, seed: int = 0) -> tuple[list[list[int]], Rows]:
    """Five words a text; one of them tells the label."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, (rows, 1))
    tokens = random.integers(10, 60, (rows, 5))
    tokens[np.arange(rows), random.integers(0, 5, rows)] = 1 + labels[:, 0]
    written = tokens.tolist()
    return written, Rows(count(written, CODES), labels, np.ones(rows))


def gaussian(rows: int, classes: int) -> np.ndarray:
    return np.random.default_rng(9).normal(size=(rows, classes)).astype(np.float32)


@pytest.mark.parametrize("classes", [2, 3])
def test_it_is_one_regression_against_the_rest_a_label(classes: int) -> None:
    _, rows = texts(200, classes=classes)
    expert = fit_expert(rows, [classes])
    features = expert.lexicon.features(rows.features)
    model = LogisticRegression(C=10, solver="liblinear", dual=True, tol=0.1, random_state=0)
    theirs = model.fit(features, rows.labels[:, 0] == 1).decision_function(features)
    (own,) = expert.logits(rows.features, [classes])
    np.testing.assert_allclose(own[:, 1], theirs, atol=1e-4)


def test_it_finds_the_word_that_tells() -> None:
    _, rows = texts(200)
    _, fresh = texts(100, seed=1)
    (logits,) = fit_expert(rows, [3]).logits(fresh.features, [3])
    assert (logits.argmax(axis=1) == fresh.labels[:, 0]).mean() > 0.95


def test_out_of_fold_logits_owe_nothing_to_their_own_label() -> None:
    _, rows = texts(200)
    shuffled = Rows(rows.features, np.random.default_rng(1).integers(0, 2, (200, 1)), rows.weights)
    (honest,) = out_of_fold(shuffled, deal(shuffled.labels, seed=0), [2])
    assert (honest.argmax(axis=1) == shuffled.labels[:, 0]).mean() < 0.6
    (fitted,) = fit_expert(shuffled, [2]).logits(shuffled.features, [2])
    assert (fitted.argmax(axis=1) == shuffled.labels[:, 0]).mean() > 0.8


def test_a_field_with_one_seen_label_is_constant() -> None:
    _, rows = texts(30)
    labels = np.column_stack([np.full(30, 2), rows.labels[:, 0]])
    expert = fit_expert(Rows(rows.features, labels, rows.weights), [4, 3])
    constant, _ = expert.logits(rows.features, [4, 3])
    assert (constant.argmax(axis=1) == 2).all()


def test_the_table_and_the_joined_heads_say_what_both_experts_say() -> None:
    written, rows = texts(100)
    labels = np.column_stack([rows.labels[:, 0], rows.labels[:, 0] == 1]).astype(np.int64)
    sizes, shares = [3, 2], (0.5, 2.0)
    expert = fit_expert(Rows(rows.features, labels, rows.weights), sizes)
    table = NgramTable.of(expert, shares, CODES, sizes)
    dense = [gaussian(100, 3), gaussian(100, 2)]
    expected = np.concatenate(multiply(dense, [expert.logits(rows.features, sizes)], [shares]), axis=1)
    _, plain = stack(expert.heads, sizes)
    _, both = stack(join(expert.heads, expert, shares), sizes)
    bias = both - plain  # the heads given here have the lexical constants already
    for row, tokens in enumerate(written):
        found = np.concatenate([field[row] for field in dense]) + bias + table.logits(tokens)
        np.testing.assert_allclose(found, expected[row], atol=0.01)
