"""Linear heads: one a field, on the features that all fields share.

Pure numpy; refuses to know how a head was fitted. A head knows only the labels it has seen; the others exist in the
contract alone and get probability 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats32 = npt.NDArray[np.float32]
Features: TypeAlias = Floats32 | sparse.csr_matrix
"""(rows, dimensions): an encoder's are dense, those of a text's words are sparse."""

UNSEEN = -1e6
"""Logit of a label never seen: finite, so that nothing downstream meets an infinity, yet exp of it is 0 at any T."""


@dataclass(frozen=True, slots=True)
class Head:
    """Logits of the seen labels: features @ weight.T + bias. A single seen label makes a constant."""

    labels: tuple[int, ...]
    weight: Floats32
    """(seen labels, dimensions)"""
    bias: Floats32

    def logits(self, features: Features, classes: int) -> Floats32:
        """(rows, classes), UNSEEN where the label was never seen."""
        out = np.full((features.shape[0], classes), UNSEEN, dtype=np.float32)
        out[:, list(self.labels)] = features @ self.weight.T + self.bias
        return out

    def tensors(self) -> dict[str, npt.NDArray[np.generic]]:
        return {"labels": np.array(self.labels, dtype=np.int64), "weight": self.weight, "bias": self.bias}


def constant(label: int, dimensions: int) -> Head:
    """The head of a field with one label."""
    return Head((label,), np.zeros((1, dimensions), np.float32), np.zeros(1, np.float32))


def head_logits(heads: Sequence[Head], features: Floats32, sizes: Sequence[int]) -> list[Floats32]:
    """(rows, classes) a field."""
    return [head.logits(features, size) for head, size in zip(heads, sizes, strict=True)]


def stack(heads: Sequence[Head], sizes: Sequence[int]) -> tuple[Floats32, Floats32]:
    """All heads as one linear layer over all fields' labels: weight (outputs, dimensions) and bias (outputs,).

    >>> head = Head((1,), np.ones((1, 2), np.float32), np.zeros(1, np.float32))
    >>> weight, bias = stack([head, head], [2, 3])
    >>> weight.shape, bias.tolist()
    ((5, 2), [-1000000.0, 0.0, -1000000.0, 0.0, -1000000.0])
    """
    weight = np.zeros((sum(sizes), heads[0].weight.shape[1]), dtype=np.float32)
    bias = np.full(sum(sizes), UNSEEN, dtype=np.float32)
    starts = np.cumsum([0, *sizes[:-1]])
    for head, start in zip(heads, starts, strict=True):
        rows = start + np.array(head.labels)
        weight[rows], bias[rows] = head.weight, head.bias
    return weight, bias
