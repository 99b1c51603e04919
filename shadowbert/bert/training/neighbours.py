"""The neighbours' expert: how often the nearest known inputs have each label.

Refuses to know the encoder; reads its embeddings. What a linear head cannot say, these can: that a text is like many
known ones of one label, that its neighbours disagree, or that it is like none, whereupon only the labels' shares in the
log remain (k nearest neighbours beside a parametric model: Khandelwal et al. 2020, arXiv 1911.00172).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shadowbert.bert.serving.decode import Floats
from shadowbert.bert.training.heads import Floats32
from shadowbert.bert.training.probe import Ints, Rows

NEAREST = 20
SHARPNESS = 15.0
"""A neighbour at cosine c has the vote exp(15 (c - 1)), less that of the farthest of the nearest: who is just within
and who is just beyond are alike to be without a voice, so that a tie of the two changes nothing.
"""
SMOOTHING = 0.3
"""The votes that the labels' shares in the log have together: a third of that of a copy."""
MOST = 16_384
"""Known inputs, the newest: 6 MB and a fifteenth of the time of an answer."""
_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Known inputs as unit vectors in int8, one scale each, and the outcomes that they voted for."""

    bank: npt.NDArray[np.int8]
    """(known, dimensions)"""
    scales: Floats32
    """(known,)"""
    outcomes: npt.NDArray[np.uint8]
    """(known, outputs): 1 at each field's label, 0 elsewhere; the fields' outputs side by side."""
    floor: Floats32
    """(outputs,): what is added to each output's votes."""

    def logits(self, features: Floats32, sizes: Sequence[int]) -> list[Floats32]:
        """(rows, classes) a field: log of the share of votes."""
        parts = [self._votes(features[at : at + _AT_ONCE]) for at in range(0, len(features), _AT_ONCE)]
        return np.split(np.concatenate(parts), np.cumsum(sizes)[:-1], axis=1)

    def _votes(self, features: Floats32) -> Floats32:
        likeness = (rounded(features) @ self.bank.T.astype(np.float32)) * self.scales
        nearest = np.argpartition(-likeness, self.nearest - 1, axis=1)[:, : self.nearest]
        votes = np.exp(SHARPNESS * (np.take_along_axis(likeness, nearest, axis=1) - 1))
        votes = votes - self.fading * votes.min(axis=1, keepdims=True)
        cast = np.einsum("rk,rko->ro", votes, self.outcomes[nearest].astype(np.float32)) + self.floor
        found: Floats32 = np.log(cast / (votes.sum(axis=1, keepdims=True) + SMOOTHING)).astype(np.float32)
        return found

    @property
    def nearest(self) -> int:
        return min(NEAREST, len(self.bank))

    @property
    def fading(self) -> np.float32:
        """Whether the farthest is without a voice: not where all that are known vote."""
        return np.float32(len(self.bank) > NEAREST)

    def tensors(self) -> dict[str, npt.NDArray[np.generic]]:
        return {"bank": self.bank, "scales": self.scales, "outcomes": self.outcomes, "floor": self.floor}


def settle(rows: Rows, sizes: Sequence[int]) -> Neighbourhood:
    """Rows from the oldest to the newest; their features are unit vectors."""
    features, labels, weights = rows.features[-MOST:], rows.labels[-MOST:], rows.weights[-MOST:]
    scales = np.maximum(np.abs(features).max(axis=1), np.finfo(np.float32).tiny) / 127
    bank = np.round(features / scales[:, None]).astype(np.int8)
    outcomes = np.concatenate(
        [np.eye(size, dtype=np.uint8)[labels[:, field]] for field, size in enumerate(sizes)], axis=1
    )
    return Neighbourhood(bank, scales.astype(np.float32), outcomes, _floor(outcomes, weights, sizes))


def out_of_fold(rows: Rows, folds: Ints, sizes: Sequence[int]) -> list[Floats32]:
    """(rows, classes) a field: what the neighbours in the other folds say."""
    logits = [np.empty((len(folds), size), dtype=np.float32) for size in sizes]
    for fold in np.unique(folds):
        own = folds == fold
        for field, found in enumerate(settle(rows.where(~own), sizes).logits(rows.features[own], sizes)):
            logits[field][own] = found
    return logits


def rounded(features: Floats32) -> Floats32:
    """Each row as it is after ONNX's DynamicQuantizeLinear: 256 steps from its least to its largest value, or 0."""
    low, high = np.minimum(features.min(axis=1), 0)[:, None], np.maximum(features.max(axis=1), 0)[:, None]
    step = np.maximum(high - low, np.finfo(np.float32).tiny) / np.float32(255)
    zero = np.round(-low / step)
    found: Floats32 = (np.clip(np.round(features / step) + zero, 0, 255) - zero) * step
    return found


def _floor(outcomes: npt.NDArray[np.uint8], weights: Floats, sizes: Sequence[int]) -> Floats32:
    """The labels' shares, with one more example for all labels of a field together, so that none is impossible."""
    counts = weights @ outcomes + np.repeat(1 / np.array(sizes), sizes)
    shares: Floats32 = (SMOOTHING * counts / (weights.sum() + 1)).astype(np.float32)
    return shares
