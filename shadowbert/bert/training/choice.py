"""Which candidate is published: the one that agrees more often on rows that none of those compared has learnt.

A run of a tuned recipe leaves a quarter of the examples unlearnt, of 800 two hundred: on these a point of agreement is
one standard error, and a cheap recipe's folds know more than that run does. So the best tuned one is sent away only
where it is shown to be worse, and else is cross-fitted and compared again on every row. Assumption: rows are
independent, or near-duplicates few. Refuses to train.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shadowbert.bert.training.candidate import Candidate

SHOWN = 2.0
"""Standard errors by which the cheaper must lead to make further runs pointless."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two candidates on the rows that neither has learnt, weighted."""

    cheaper: float
    """Its agreement."""
    other: float
    error: float
    """Standard error of the difference."""

    @property
    def hopeless(self) -> bool:
        return self.cheaper - self.other > SHOWN * self.error


def choose(candidates: Sequence[Candidate], weights: Mapping[str, float]) -> Candidate:
    """Candidates from the cheapest on, which wins a tie; weights by row. All agreements go into its scores."""
    cheapest, *others = candidates
    found = {one.recipe: one.agreement for one in candidates}
    best = cheapest
    if others:
        rival = max(others, key=lambda one: one.agreement)  # the first of equals
        seen = compare(cheapest, rival, weights)
        if not seen.hopeless and rival.further is not None:
            rival = rival.further()
            seen = compare(cheapest, rival, weights)
        found |= {cheapest.recipe: seen.cheaper, rival.recipe: seen.other}
        best = rival if seen.other > seen.cheaper else cheapest
    best.scores.update({f"{recipe}.agreement": agreement for recipe, agreement in found.items()})
    return best


def compare(cheaper: Candidate, other: Candidate, weights: Mapping[str, float]) -> Compared:
    first = {row.id: row.agreed for row in cheaper.rows}
    rows = [(weights[row.id], first[row.id], row.agreed) for row in other.rows if row.id in first]
    total = sum(weight for weight, _, _ in rows)
    squares = sum((weight * (theirs - ours)) ** 2 for weight, ours, theirs in rows)
    return Compared(
        cheaper=sum(weight * ours for weight, ours, _ in rows) / total,
        other=sum(weight * theirs for weight, _, theirs in rows) / total,
        error=math.sqrt(squares) / total,
    )
