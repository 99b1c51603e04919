"""Rows as batches: which go together, which rank takes which, and how they are padded.

Refuses to know encoders and labels.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

POOL = 16
"""Batches whose rows are sorted by length together."""


def batches(tokens: Sequence[Sequence[int]], size: int, *, seed: int, epoch: int) -> Iterator[list[int]]:
    """Rows of like length together (little padding), in an order that is new each epoch."""
    random = np.random.default_rng((seed, epoch))
    order = random.permutation(len(tokens))
    found = []
    for start in range(0, len(order), POOL * size):
        rows = sorted(order[start : start + POOL * size].tolist(), key=lambda row: len(tokens[row]))
        found += [rows[i : i + size] for i in range(0, len(rows), size)]
    for batch in random.permutation(len(found)):
        yield found[batch]


def share(rows: Sequence[int], rank: int, ranks: int) -> tuple[Sequence[int], float]:
    """One rank's rows of a batch, and what their mean weighs, so that the mean over the ranks is that over the batch.

    A rank that gets none goes along with one that does not count.

    >>> share([7, 8, 9], 0, 2), share([7], 1, 2)
    (([7, 9], 1.3333333333333333), ([7], 0.0))
    """
    own = rows[rank::ranks]
    return own or rows[:1], len(own) * ranks / len(rows)


def pad(tokens: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Ids and mask, (rows, longest). The padding id does not matter: it is masked."""
    ids = torch.zeros(len(tokens), max(map(len, tokens)), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, own in enumerate(tokens):
        ids[row, : len(own)] = torch.tensor(own)
        mask[row, : len(own)] = 1
    return ids, mask
