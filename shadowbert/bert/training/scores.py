"""How a student in the making does on rows that its heads have not seen.

Pure; refuses to propose thresholds. Joint agreement asks for all fields at once, as the caller would.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shadowbert.bert.serving import decode
from shadowbert.bert.serving.decode import Floats
from shadowbert.bert.training.calibrate import fit_temperature
from shadowbert.bert.training.heads import UNSEEN, Floats32
from shadowbert.bert.training.probe import Ints
from shadowbert.domain.student import Guess

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """A guess on an example that whoever guessed had not learnt, and whether it equals the teacher's whole answer."""

    id: str
    guess: Guess
    agreed: bool


def fit_temperatures(logits: Sequence[Floats32], labels: Ints, weights: Floats) -> tuple[float, ...]:
    """One a field. A row whose label the head has never seen says nothing about temperature and is left out."""
    temperatures = []
    for field, own in enumerate(logits):
        known = own[np.arange(len(labels)), labels[:, field]] > UNSEEN / 2
        temperatures.append(fit_temperature(own[known].astype(float), labels[known, field], weights[known]))
    return tuple(temperatures)


def guesses(logits: Sequence[Floats32], temperatures: Sequence[float]) -> list[Guess]:
    """One a row; logits are (rows, classes) a field."""
    sizes = [own.shape[1] for own in logits]
    rows = np.concatenate(list(logits), axis=1)
    return [decode.guess(decode.probabilities(row, sizes, temperatures)) for row in rows]


def agreement(guessed: Sequence[Guess], labels: Ints, weights: Floats) -> float:
    """Weighted share of rows on which all fields agree.

    >>> agreement([Guess((0,), (0.9,), 0.9), Guess((1,), (0.6,), 0.6)], np.array([[0], [0]]), np.array([3.0, 1.0]))
    0.75
    """
    agreed = [guess.answer == tuple(row) for guess, row in zip(guessed, labels.tolist(), strict=True)]
    return float(np.average(agreed, weights=weights))


def alone(logits: Sequence[Floats32], labels: Ints, weights: Floats) -> dict[str, float]:
    """What heads without other experts beside them agree on."""
    return {"heads_alone": agreement(guesses(logits, (1.0,) * len(logits)), labels, weights)}


def kept(served: Sequence[Guess], reference: Sequence[Guess]) -> tuple[float, float]:
    """Share of answers that the served variant keeps of the reference: among the surer half, and among all.

    Two numbers, because int8 moves a frozen encoder's embedding by about six degrees: of all answers it flips 2 to 5 %,
    nearly all of them coin tosses that no threshold lets through, and among the surer half under 0.1 %.
    """
    same = np.array([ours.answer == theirs.answer for ours, theirs in zip(served, reference, strict=True)])
    surest = np.argsort([-guess.joint for guess in reference], kind="stable")
    return float(same[surest[: max(1, len(same) // 2)]].mean()), float(same.mean())
