"""Temperature scaling: one number a field that makes its confidences mean what they say.

Guo et al. 2017, "On Calibration of Modern Neural Networks". Pure. Assumes rows exchangeable with later traffic and not
used to fit the head whose logits these are; never changes which label is best.
"""

import numpy as np
import numpy.typing as npt

from shadowbert.bert.serving.decode import Floats, softmax

COLDEST, HOTTEST = 0.05, 20.0


def fit_temperature(logits: Floats, labels: npt.NDArray[np.int64], weights: Floats) -> float:
    """The temperature of least weighted log loss; logits (rows, classes), labels and weights (rows,).

    The loss is convex in 1/T, so its slope is bisected. Without rows, or where every row is right by far, the bounds
    answer: 1.0 without rows, otherwise within [0.05, 20].

    >>> sure = np.array([[3.0, 0.0]] * 4)
    >>> round(fit_temperature(sure, np.array([0, 0, 0, 1]), np.ones(4)), 3)  # right three times in four: logit ln 3
    2.731
    """
    if not len(labels):
        return 1.0
    low, high = np.log(1 / HOTTEST), np.log(1 / COLDEST)
    for _ in range(40):
        middle = (low + high) / 2
        if _slope(logits, labels, weights, inverse=float(np.exp(middle))) < 0:
            low = middle
        else:
            high = middle
    return float(np.exp(-(low + high) / 2))


def _slope(logits: Floats, labels: npt.NDArray[np.int64], weights: Floats, *, inverse: float) -> float:
    """Derivative of the log loss by 1/T: expected logit under the softmax, less the logit of the true label."""
    expected = (softmax(logits * inverse) * logits).sum(axis=1)
    true = logits[np.arange(len(labels)), labels]
    return float((weights * (expected - true)).sum())
