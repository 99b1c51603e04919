"""What a recipe ends in: a candidate that could be published, scored on rows that it has not seen.

Refuses to know how it was trained. A candidate is served in int8 unless that costs answers: int8 must keep 99.5 % of
fp32's on the surer half of the held-out rows (only sure answers are ever served), one row always forgiven as chance;
else fp32 serves. Everything after that choice - heads, temperatures, scores - is computed on the outputs of the variant
that serves.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from shadowbert.bert.training import scores
from shadowbert.bert.training.corpus import Corpus, Graphs, Variant, embed
from shadowbert.bert.training.encoder import Encoder
from shadowbert.bert.training.experts import Experts
from shadowbert.bert.training.heads import Floats32, Head
from shadowbert.bert.training.scores import Mask, ScoredRow
from shadowbert.domain.student import Guess

KEEP = 0.995
FORGIVEN = 1


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
    again: "Callable[[], Candidate] | None" = None
    """The same, taught by all rows; None where it has been."""

    @property
    def agreement(self) -> float:
        """Joint, on calibration and held-out rows: no recipe has fitted weights on a row that it guesses here, so
        recipes are compared on the same rows. A tuned one was stopped by a part of them, which flatters it a little.
        """
        return self.scores["agreement"]


def choose_variant(
    graphs: Graphs, corpus: Corpus, heads: Sequence[Head], int8: Floats32
) -> tuple[Variant, dict[str, float]]:
    """`int8` holds the int8 features of the held-out rows."""
    fp32 = embed(graphs.fp32, corpus, corpus.select(corpus.splits == "heldout"))
    plain = (1.0,) * len(heads)
    served, reference = (scores.guesses(head_logits(heads, own, corpus.sizes), plain) for own in (int8, fp32))
    sure, everywhere = scores.kept(served, reference)
    keeps = {"int8_keeps_sure": sure, "int8_keeps_all": everywhere}
    return ("int8" if _tolerable(1 - sure, len(fp32) // 2) else "fp32"), keeps


def _tolerable(lost: float, rows: int) -> bool:
    return round(lost * rows) <= max(FORGIVEN, (1 - KEEP) * rows)


def head_logits(heads: Sequence[Head], features: Floats32, sizes: Sequence[int]) -> list[Floats32]:
    """(rows, classes) a field."""
    return [head.logits(features, size) for head, size in zip(heads, sizes, strict=True)]


def scored_rows(corpus: Corpus, chosen: Mask, guessed: Sequence[Guess], *, out_of_fold: bool) -> tuple[ScoredRow, ...]:
    return tuple(
        ScoredRow(corpus.ids[row], guess, guess.answer == tuple(corpus.labels[row].tolist()), out_of_fold)
        for row, guess in zip(np.flatnonzero(chosen), guessed, strict=True)
    )


def numbers(corpus: Corpus, judged: Mask, guessed: Sequence[Guess]) -> dict[str, float]:
    labels, weights = corpus.labels[judged], corpus.weights[judged]
    found = {"agreement": scores.agreement(guessed, labels, weights), "rows": float(len(guessed))}
    for number, name in enumerate(corpus.fields):
        right = [guess.answer[number] == label for guess, label in zip(guessed, labels[:, number], strict=True)]
        found[f"agreement.{name}"] = float(np.average(right, weights=weights))
    return found
