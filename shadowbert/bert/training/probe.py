"""The first student: multinomial logistic regression a field on frozen features, cross-fitted.

Where a field's outcomes are grades, a head whose prior knows their order (`ordered`) is tried beside the free one, and
the better out of fold is taken; a tie goes to the free one.

Refuses to know the encoder and the files.

The log is small at first, so no row is spent on one purpose only. All rows are dealt into folds; a fold's head is
fitted on the other folds, and its logits for the rows it has not seen are the *out-of-fold* logits. They choose the
regularisation, fit the temperature, score the recipe and propose the threshold. The head that serves is then fitted
on all rows. It has seen a quarter more data than the heads that were scored, so the scores err on the careful side;
choosing the best of four regularisations on the same rows errs the other way, by less than the noise. Neither is a
promise: the gate tests the published student on later traffic only.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from shadowbert.bert.serving.decode import Floats, softmax
from shadowbert.bert.training.calibrate import fit_temperature
from shadowbert.bert.training.heads import UNSEEN, Features, Floats32, Head, constant
from shadowbert.bert.training.ordered import Places, fit_ordered, in_order

Ints = npt.NDArray[np.int64]
Groups = npt.NDArray[np.str_]
Form = Literal["free", "ordered"]
"""What a head's prior knows of the outcomes: nothing, or their order."""

FOLDS = 5
REGULARISATION = (0.1, 1.0, 10.0, 100.0)
"""C of scikit-learn, from strong to weak."""
FLOOR = 1e-4
"""Probability counted for a label that its fold's head has never seen, so that log loss stays finite."""
MAX_STEPS = 200
"""Features of single precision stop the search for a better step where tol is 1e-3: half a point of accuracy."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Features (rows, dimensions), labels (rows, fields) and weights (rows,)."""

    features: Features
    labels: Ints
    weights: Floats

    def where(self, mask: npt.NDArray[np.bool_]) -> "Rows":
        return Rows(self.features[mask], self.labels[mask], self.weights[mask])


@dataclass(frozen=True, slots=True)
class Probe:
    heads: tuple[Head, ...]
    regularisation: tuple[float, ...]
    forms: tuple[Form, ...]
    logits: tuple[Floats32, ...]
    """Out of fold, (rows, classes) a field."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How a field's head may be fitted. Rows without enough grades have a free one, whatever is asked for."""

    field: int
    c: float
    known: Places | None = None

    def fit(self, rows: Rows) -> Head:
        labels = rows.labels[:, self.field]
        if self.known is None or not in_order(labels, self.known):
            return fit_head(rows, self.field, self.c)
        return fit_ordered(rows.features, labels, rows.weights, c=self.c, known=self.known)


def fit_probe(rows: Rows, sizes: Sequence[int], folds: Ints, orders: Sequence[Places] | None = None) -> Probe:
    """`orders`: where each field's outcomes stand; without it, nowhere. Ordered heads want dense features."""
    best = []
    for field, size in enumerate(sizes):
        known = None if orders is None or not in_order(rows.labels[:, field], orders[field]) else orders[field]
        best.append(_cross_fit(rows, folds, size, _ways(field, known)))
    ways, logits = [way for way, _ in best], tuple(found for _, found in best)
    forms: list[Form] = ["free" if way.known is None else "ordered" for way in ways]
    return Probe(tuple(way.fit(rows) for way in ways), tuple(way.c for way in ways), tuple(forms), logits)


def _ways(field: int, known: Places | None) -> list[list[_Way]]:
    """Form by form, the free one first; each from strong regularisation to weak."""
    return [[_Way(field, c, form) for c in REGULARISATION] for form in ((None,) if known is None else (None, known))]


def deal(labels: Ints, *, seed: int, folds: int = FOLDS, groups: Groups | None = None) -> Ints:
    """Each row's fold, stratified by the whole answer: rows sorted by answer, then dealt like cards. A group is dealt
    as its first row.

    >>> deal(np.array([[0], [0], [1], [1]]), seed=0, folds=2).reshape(2, 2).sum(axis=1).tolist()
    [1, 1]
    >>> len(set(deal(np.array([[0], [1], [0]]), seed=0, groups=np.array(["a", "a", "a"])).tolist()))
    1
    """
    if groups is not None:
        _, first, of_row = np.unique(groups, return_index=True, return_inverse=True)
        return deal(labels[first], seed=seed, folds=folds)[of_row]
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    order = np.lexsort((shuffled, *labels.T))
    fold = np.empty(len(labels), dtype=np.int64)
    fold[order] = np.arange(len(labels)) % folds
    return fold


def fit_head(rows: Rows, field: int, c: float) -> Head:
    """Logistic regression on the labels that occur; a constant where only one does."""
    labels = rows.labels[:, field]
    seen = np.unique(labels)
    if len(seen) == 1:
        return constant(int(seen[0]), rows.features.shape[1])
    model = LogisticRegression(C=c, max_iter=MAX_STEPS, tol=1e-4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # max_iter is a budget, not an accident
        model.fit(rows.features, labels, sample_weight=rows.weights)
    weight, bias = np.ascontiguousarray(model.coef_, np.float32), model.intercept_.astype(np.float32)
    if len(seen) == 2:  # scikit-learn keeps only the second row of two
        weight, bias = np.vstack([0 * weight, weight]), np.concatenate([0 * bias, bias])
    return Head(tuple(int(label) for label in seen), weight, bias)


def _cross_fit(rows: Rows, folds: Ints, size: int, forms: Sequence[Sequence[_Way]]) -> tuple[_Way, Floats32]:
    """The way of least out-of-fold log loss, with its logits: the first of equals."""
    found = [_regularised(rows, folds, size, ways) for ways in forms]
    _, way, logits = min(found, key=lambda own: own[0])
    return way, logits


def _regularised(rows: Rows, folds: Ints, size: int, ways: Sequence[_Way]) -> tuple[float, _Way, Floats32]:
    """The best of one form, and its loss. Stops when weaker regularisations get worse."""
    best = (np.inf, ways[0], np.empty(0, np.float32))
    for way in ways:
        logits = _out_of_fold(rows, folds, size, way)
        loss = log_loss(logits, rows.labels[:, way.field], rows.weights)
        if loss >= best[0]:
            break
        best = (loss, way, logits)
    return best


def _out_of_fold(rows: Rows, folds: Ints, size: int, way: _Way) -> Floats32:
    logits = np.empty((len(folds), size), dtype=np.float32)
    for fold in np.unique(folds):
        head = way.fit(rows.where(folds != fold))
        logits[folds == fold] = head.logits(rows.features[folds == fold], size)
    return logits


def log_loss(logits: Floats32, labels: Ints, weights: Floats) -> float:
    """At the temperature that suits these logits best, for they will be served at such a one."""
    wide, rows = logits.astype(np.float64), np.arange(len(labels))
    known = logits[rows, labels] > UNSEEN / 2
    temperature = fit_temperature(wide[known], labels[known], weights[known])
    true = softmax(wide / temperature)[rows, labels]
    return float(np.average(-np.log(np.maximum(true, FLOOR)), weights=weights))
