"""What a recipe ends in: a candidate that could be published, scored on rows that it has not seen.

Refuses to know how it was trained. Everything after the choice of a variant (`variants`) - heads, temperatures,
scores - is computed on the outputs of the variant that serves.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from shadowbert.bert.training import scores
from shadowbert.bert.training.corpus import Corpus, Graphs, Variant
from shadowbert.bert.training.encoder import Encoder
from shadowbert.bert.training.experts import Experts
from shadowbert.bert.training.scores import Mask, ScoredRow
from shadowbert.domain.student import Guess


@dataclass(frozen=True, slots=True)
class Candidate:
    recipe: str
    encoder: Encoder
    graphs: Graphs
    variant: Variant
    experts: Experts
    temperatures: tuple[float, ...]
    rows: tuple[ScoredRow, ...]
    """Rows on which a threshold may be proposed."""
    scores: dict[str, float]
    settings: Mapping[str, object] = field(default_factory=dict)
    """All that the recipe was set to, seeds included: JSON values."""
    further: "Callable[[], Candidate] | None" = None
    """The same, cross-fitted: guesses on every row; None where it has them."""
    again: "Callable[[], Candidate] | None" = None
    """The same, taught by all rows; None where it has been."""

    @property
    def agreement(self) -> float:
        """Joint, on `rows`: it has fitted no weights on any of them. A tuned one was stopped by a part of them, which
        flatters it a little.
        """
        return self.scores["agreement"]


def scored_rows(corpus: Corpus, chosen: Mask, guessed: Sequence[Guess]) -> tuple[ScoredRow, ...]:
    return tuple(
        ScoredRow(corpus.ids[row], guess, guess.answer == tuple(corpus.labels[row].tolist()))
        for row, guess in zip(np.flatnonzero(chosen), guessed, strict=True)
    )


def numbers(corpus: Corpus, judged: Mask, guessed: Sequence[Guess]) -> dict[str, float]:
    """Of guesses on the judged rows."""
    labels, weights = corpus.labels[judged], corpus.weights[judged]
    found = {"agreement": scores.agreement(guessed, labels, weights), "rows": float(len(guessed))}
    for number, name in enumerate(corpus.fields):
        right = [guess.answer[number] == label for guess, label in zip(guessed, labels[:, number], strict=True)]
        found[f"agreement.{name}"] = float(np.average(right, weights=weights))
    return found
