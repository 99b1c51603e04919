"""A product of experts: what several models say of the same labels, made one opinion.

Hinton 2002, "Training Products of Experts by Minimizing Contrastive Divergence": their logits are added, each expert's
with a share. Pure; refuses to know what an expert reads. The shares are those of least log loss on rows that no expert
has seen; assumes these rows exchangeable with later traffic.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from shadowbert.bert.serving.decode import Floats, softmax
from shadowbert.bert.training.heads import UNSEEN, Floats32

Opinion: TypeAlias = Sequence[Floats32]
"""Logits (rows, classes) a field."""
Shares: TypeAlias = tuple[float, ...]
"""One a field."""

COLDEST, LARGEST, LEAST = 0.05, 20.0, 0.05
"""Of the leading expert's factor, of any factor, and of a share that is worth the work of another expert."""


def multiply(leading: Opinion, others: Sequence[Opinion], shares: Sequence[Shares]) -> list[Floats32]:
    """The product as logits, field by field; a label that the leading expert never saw stays without a chance.

    >>> dense, words = np.array([[1, UNSEEN]], np.float32), np.array([[2, 5]], np.float32)
    >>> [field.tolist() for field in multiply([dense], [[words]], [(0.5,)])]
    [[[2.0, -1000000.0]]]
    """
    fields = []
    for field, own in enumerate(leading):
        said = sum((np.float32(part[field]) * other[field] for other, part in zip(others, shares, strict=True)), own)
        fields.append(np.where(own > UNSEEN / 2, said, own).astype(np.float32))
    return fields


def fit_shares(
    leading: Opinion, others: Sequence[Opinion], labels: npt.NDArray[np.int64], weights: Floats
) -> list[Shares]:
    """The share of each other expert beside the leading one, which has 1; labels (rows, fields).

    >>> dense, words, weights = np.zeros((2, 2), np.float32), np.eye(2, dtype=np.float32), np.ones(2)
    >>> fit_shares([dense], [[words]], np.array([[0], [1]]), weights)[0][0] > 1
    True
    >>> fit_shares([dense], [[words]], np.array([[1], [0]]), weights)
    [(0.0,)]
    """
    fields = [
        _fit_field([own, *(other[field] for other in others)], labels[:, field], weights)
        for field, own in enumerate(leading)
    ]
    return [tuple(field[expert] for field in fields) for expert in range(len(others))]


def _fit_field(experts: Sequence[Floats32], labels: npt.NDArray[np.int64], weights: Floats) -> list[float]:
    """Convex in the experts' factors; the leading one's is the inverse temperature, which calibration fits again."""
    known = experts[0][np.arange(len(labels)), labels] > UNSEEN / 2
    if not known.any():
        return [0.0] * (len(experts) - 1)
    said = np.stack([expert[known] for expert in experts]).astype(np.float64)
    bounds = [(COLDEST, LARGEST), *[(0.0, LARGEST)] * (len(experts) - 1)]
    start = np.array([1.0, *[0.25] * (len(experts) - 1)])
    found = minimize(_loss, start, args=(said, labels[known], weights[known]), jac=True, bounds=bounds).x
    return [round(float(share), 3) if share >= LEAST else 0.0 for share in found[1:] / found[0]]


def _loss(factors: Floats, said: Floats, labels: npt.NDArray[np.int64], weights: Floats) -> tuple[float, Floats]:
    """Log loss and its slope by each factor: expected opinion under the product, less the opinion on the true label."""
    chances, rows = softmax(np.tensordot(factors, said, axes=1)), np.arange(len(labels))
    lost = -np.log(np.maximum(chances[rows, labels], np.finfo(float).tiny))
    slope = ((chances * said).sum(axis=2) - said[:, rows, labels]) @ weights
    return float(lost @ weights / weights.sum()), slope / weights.sum()
