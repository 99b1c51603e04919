"""From a student's logits to a guess: cut into fields, cool by temperature, softmax, take the best.

Pure; knows nothing of graphs or files. Training scores its students with `probabilities` and `guess`; an answer on its
way to a caller is read by `read`, which says the same without numpy: a dozen calls on three numbers each cost more than
the numbers.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shadowbert.domain.student import Guess, joint_confidence

Floats = npt.NDArray[np.float64]


def read(logits: Sequence[float], sizes: Sequence[int], temperatures: Sequence[float]) -> Guess:
    """`guess(probabilities(...))` of one row.

    >>> read([0.0, 0.0, 1.0, 3.0], [2, 2], [1.0, 2.0])
    Guess(answer=(0, 1), confidences=(0.5, 0.7310585786300049), joint=0.36552928931500245)
    """
    answer, confidences, distributions, start = [], [], [], 0
    for size, temperature in zip(sizes, temperatures, strict=True):
        field = logits[start : start + size]
        best = max(range(size), key=field.__getitem__)
        exps = [math.exp((logit - field[best]) / temperature) for logit in field]
        total = sum(exps)
        answer.append(best)
        confidences.append(1 / total)
        distributions.append(tuple([exp / total for exp in exps]))
        start += size
    return Guess(tuple(answer), tuple(confidences), joint_confidence(confidences), tuple(distributions))


def probabilities(logits: npt.ArrayLike, sizes: Sequence[int], temperatures: Sequence[float]) -> list[Floats]:
    """One calibrated distribution a field from the concatenated logits, shape (sum of sizes,).

    >>> [p.round(3).tolist() for p in probabilities([0.0, 0.0, 1.0, 3.0], [2, 2], [1.0, 2.0])]
    [[0.5, 0.5], [0.269, 0.731]]
    """
    values = np.asarray(logits, dtype=np.float64)
    starts = np.cumsum([0, *sizes[:-1]])
    return [
        softmax(values[start : start + size] / temperature)
        for start, size, temperature in zip(starts, sizes, temperatures, strict=True)
    ]


def softmax(logits: Floats) -> Floats:
    """Over the last axis; safe for large logits."""
    exp: Floats = np.exp(logits - logits.max(axis=-1, keepdims=True))
    total: Floats = exp / exp.sum(axis=-1, keepdims=True)
    return total


def guess(fields: Sequence[Floats]) -> Guess:
    """The best label of each field with its probability.

    >>> guess([np.array([0.2, 0.8]), np.array([0.5, 0.25, 0.25])])
    Guess(answer=(1, 0), confidences=(0.8, 0.5), joint=0.4)
    """
    answer = tuple(int(field.argmax()) for field in fields)
    confidences = tuple(float(field[best]) for field, best in zip(fields, answer, strict=True))
    return Guess(answer, confidences, joint_confidence(confidences))
