"""Linear heads for grades: labels that are whole numbers, of which near ones are given to texts that are alike.

Refuses to know folds and files. The same softmax as a free head's, but with a prior that knows the order: across the
grades a head's weights are sums of orthogonal polynomials (the trend contrasts of an analysis of variance), and each
degree is expected to be half as large as the one before. The first degree alone is the stereotype model of equal
scores, or adjacent-categories logits with one slope (Anderson 1984; Agresti, Categorical Data Analysis, ch. 8);
without the halving all of them together are the free head. What is no grade keeps weights of its own.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import logsumexp

from shadowbert.bert.serving.decode import Floats
from shadowbert.bert.training.heads import Floats32, Head
from shadowbert.domain.contract import Field, Label

Places: TypeAlias = tuple[int | None, ...]
"""Where each outcome of a field stands in its order; None for one that stands nowhere."""

LEAST = 3
"""Grades: two are in order whichever way they are put."""
DECAY = 0.5
DEGREES = 6
"""The next one would be expected at a 64th of the first."""
MAX_STEPS = 200
TOLERANCE = 1e-4


def places(field: Field) -> Places:
    """Whole numbers are in order, said as numbers or as text; words are not, whatever they mean.

    >>> places(Field((), (1, 10, 2, None), open=True))
    (0, 2, 1, None, None)
    >>> places(Field((), ("high", "low", "medium")))
    (None, None, None)
    """
    numbers = [_number(label) for label in field.labels]
    rank = {number: place for place, number in enumerate(sorted({own for own in numbers if own is not None}))}
    found = [None if number is None else rank[number] for number in numbers]
    return (*found, *[None] * (field.classes - len(found))) if len(rank) >= LEAST else (None,) * field.classes


def _number(label: Label) -> int | None:
    if isinstance(label, str):
        digits = label.removeprefix("-")
        return int(label) if digits.isascii() and digits.isdecimal() and str(int(label)) == label else None
    return label if isinstance(label, int) and not isinstance(label, bool) else None


def in_order(labels: npt.NDArray[np.int64], known: Places) -> bool:
    """Whether enough grades occur for their order to say anything; labels (rows,)."""
    return sum(known[label] is not None for label in np.unique(labels)) >= LEAST


def contrasts(known: Sequence[int | None]) -> Floats:
    """(outcomes, parts): weights of outcomes are this times the parts' weights, all parts of one prior.

    >>> (contrasts([0, 1, 2, None]).round(2) + 0.0).tolist()
    [[-0.71, 0.2, 0.0], [0.0, -0.41, 0.0], [0.71, 0.2, 0.0], [0.0, 0.0, 1.0]]
    """
    graded = [row for row, place in enumerate(known) if place is not None]
    at = np.array([known[row] for row in graded], dtype=float)
    spread = 2 * (at - at.min()) / np.ptp(at) - 1
    degrees = min(DEGREES, len(np.unique(at)) - 1)
    trends, signs = np.linalg.qr(np.polynomial.legendre.legvander(spread, degrees))
    trends = (trends * np.sign(np.diag(signs)))[:, 1:] * DECAY ** np.arange(degrees)
    others = [row for row, place in enumerate(known) if place is None]
    found = np.zeros((len(known), degrees + len(others)))
    found[graded, :degrees] = trends
    found[others, degrees + np.arange(len(others))] = 1
    return found


def fit_ordered(features: Floats32, labels: npt.NDArray[np.int64], weights: Floats, *, c: float, known: Places) -> Head:
    """Least weighted log loss with a ridge on the parts' weights, `c` as in scikit-learn; labels are in order."""
    seen, at = np.unique(labels, return_inverse=True)
    mixed, wide = contrasts([known[label] for label in seen]), features.astype(np.float64)
    said, ridge, parts = np.eye(len(seen))[at], 1 / (c * weights.sum()), mixed.shape[1]
    share = weights / weights.sum()

    def loss(both: Floats) -> tuple[float, Floats]:
        """Log loss and its slope by the parts' weights and the outcomes' constants, side by side."""
        own, bias = both[: -len(seen)].reshape(parts, -1), both[-len(seen) :]
        logits = wide @ own.T @ mixed.T + bias
        chances = logits - logsumexp(logits, axis=1, keepdims=True)
        slope = (np.exp(chances) - said) * share[:, None]
        lost = -share @ (chances * said).sum(axis=1) + ridge * (own**2).sum() / 2
        return float(lost), np.concatenate([((slope @ mixed).T @ wide + ridge * own).ravel(), slope.sum(axis=0)])

    options = {"maxiter": MAX_STEPS, "gtol": TOLERANCE}
    start = np.zeros(parts * wide.shape[1] + len(seen))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    weight = mixed @ found[: -len(seen)].reshape(parts, -1)
    return Head(tuple(map(int, seen)), weight.astype(np.float32), found[-len(seen) :].astype(np.float32))
