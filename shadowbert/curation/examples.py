"""From labelled rows to distinct examples: one input, one label, and how often the teacher contradicted itself.

Knows input hashes and answers; normalising an input is recognition's business, choosing rows that may teach is
`outcome`'s.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from shadowbert.domain.contract import Answer
from shadowbert.domain.records import ExampleRow


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """One answer to one input. `weight` is how many votes it has: a person's mark may have several."""

    input: str
    input_hash: str
    answer: Answer
    seq: int
    """The store's load sequence."""
    exchange_id: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Ceiling:
    """How often the teacher agrees with itself."""

    share: float | None
    """None while no input has been asked twice."""
    inputs: int
    """How many inputs were asked at least twice."""


def distinct(rows: Iterable[LabelledRow]) -> list[ExampleRow]:
    """One example for each input hash, in the order in which the inputs first came."""
    examples = [_merged(same) for same in _by_input(rows)]
    return sorted(examples, key=lambda example: example.first_seq)


def conflicts(examples: Iterable[ExampleRow]) -> int:
    """How many inputs got more than one label."""
    return sum(example.agreeing_repeats < example.repeats for example in examples)


def ceiling(rows: Iterable[LabelledRow]) -> Ceiling:
    """The chance that two answers to the same input are equal, averaged over inputs asked at least twice.

    Every such input counts once, however often it came, and all its pairs of answers are compared: an unbiased
    estimate per input if its answers are independent. Give it one teacher's rows only.

    >>> asked = [("hi", 0), ("hi", 0), ("hi", 1), ("yo", 2), ("yo", 2), ("once", 0)]
    >>> ceiling(LabelledRow(text, text, (label,), seq, f"e{seq}") for seq, (text, label) in enumerate(asked))
    Ceiling(share=0.6666666666666666, inputs=2)
    """
    shares = [_pairs_equal([row.answer for row in same]) for same in _by_input(rows) if len(same) > 1]
    return Ceiling(sum(shares) / len(shares) if shares else None, len(shares))


def _pairs_equal(answers: Sequence[Answer]) -> float:
    """Share of equal pairs.

    >>> round(_pairs_equal([(0,), (0,), (1,)]), 4)
    0.3333
    """
    n = len(answers)
    return sum(count * (count - 1) for count in Counter(answers).values()) / (n * (n - 1))


def _by_input(rows: Iterable[LabelledRow]) -> Iterable[list[LabelledRow]]:
    ordered = sorted(rows, key=lambda row: (row.input_hash, row.seq))
    return (list(same) for _, same in groupby(ordered, key=lambda row: row.input_hash))


def _merged(same: Sequence[LabelledRow]) -> ExampleRow:
    """Repeats are votes, not training weight: the example weighs what the strongest row for its label does."""
    answer = _vote(same)
    winners = [row for row in same if row.answer == answer]
    latest = winners[-1]
    return ExampleRow(
        input_hash=latest.input_hash,
        input=latest.input,
        answer=answer,
        first_seq=same[0].seq,
        exchange_id=latest.exchange_id,
        repeats=len(same),
        agreeing_repeats=len(winners),
        weight=max(row.weight for row in winners),
    )


def _vote(same: Sequence[LabelledRow]) -> Answer:
    """The answer with most votes; of equals the one given last."""
    votes: dict[Answer, float] = {}
    last: dict[Answer, int] = {}
    for row in same:
        votes[row.answer] = votes.get(row.answer, 0.0) + row.weight
        last[row.answer] = row.seq
    return max(votes, key=lambda answer: (votes[answer], last[answer]))
