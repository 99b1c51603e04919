"""From labelled rows to distinct examples: one input, one label, and how often the teacher contradicted itself.

Knows input hashes and answers; normalising an input is recognition's business, choosing rows that may teach is
`outcome`'s.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from shadowbert.domain.contract import Answer
from shadowbert.domain.records import Correction, ExampleRow


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """One answer to one input: one vote. `weight` is 1 / P(the teacher was asked)."""

    input: str
    input_hash: str
    answer: Answer
    seq: int
    """The store's load sequence."""
    exchange_id: str
    weight: float = 1.0
    caller: str = ""


CORRECTED = 5.0
"""What a correction weighs: a person's word counts as much as the teacher's on five inputs."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """How often the teacher agrees with itself."""

    share: float | None
    """None while no input has been asked twice."""
    inputs: int
    """How many inputs were asked at least twice."""
    conflicts: int
    """How many of them got more than one answer."""


def distinct(rows: Iterable[LabelledRow]) -> list[ExampleRow]:
    """One example for each input hash, in the order in which the inputs first came."""
    examples = [_merged(same) for same in _by_input(rows)]
    return sorted(examples, key=lambda example: example.first_seq)


def corrected(examples: Iterable[ExampleRow], corrections: Iterable[Correction]) -> list[ExampleRow]:
    """People's answers in the place of the teacher's; inputs that the teacher never labelled last."""
    said = {row.input_hash: row for row in corrections}
    known = []
    for example in examples:
        row = said.pop(example.input_hash, None)
        known.append(example if row is None else replace(example, answer=row.answer, weight=CORRECTED, caller=None))
    new = [
        ExampleRow(
            row.input_hash, row.input, row.answer, row.seq, row.exchange_id, repeats=1, agreeing_repeats=1,
            weight=CORRECTED, caller=None,
        )
        for row in said.values()
    ]  # fmt: skip
    return [*known, *new]


def ceiling(asked: Iterable[Sequence[int]]) -> Ceiling:
    """The chance that two answers to the same input are equal, averaged over inputs asked at least twice.

    Of each input: how often each of its answers was given. Every input counts once, however often it came, and all its
    pairs of answers are compared: an unbiased estimate per input if its answers are independent. Give it one teacher's
    answers only.

    >>> ceiling([(2, 1), (2,), (1,)])
    Ceiling(share=0.6666666666666666, inputs=2, conflicts=1)
    """
    repeated = [votes for votes in asked if sum(votes) > 1]
    shares = [_pairs_equal(votes) for votes in repeated]
    conflicts = sum(len(votes) > 1 for votes in repeated)
    return Ceiling(sum(shares) / len(shares) if shares else None, len(shares), conflicts)


def _pairs_equal(votes: Sequence[int]) -> float:
    """Share of equal pairs.

    >>> round(_pairs_equal([2, 1]), 4)
    0.3333
    """
    n = sum(votes)
    return sum(count * (count - 1) for count in votes) / (n * (n - 1))


def _by_input(rows: Iterable[LabelledRow]) -> Iterable[list[LabelledRow]]:
    ordered = sorted(rows, key=lambda row: (row.input_hash, row.seq))
    return (list(same) for _, same in groupby(ordered, key=lambda row: row.input_hash))


def _merged(same: Sequence[LabelledRow]) -> ExampleRow:
    """Repeats are votes, not training weight. Of its calls the one that was surest to reach the teacher says how likely
    the input was to be known at all, whatever the others' odds.
    """
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
        weight=min(row.weight for row in same),
        caller=same[0].caller,  # asking what others have asked makes nothing of theirs one's own
    )


def _vote(same: Sequence[LabelledRow]) -> Answer:
    """The answer with most votes; of equals the one given last."""
    votes = Counter(row.answer for row in same)
    last = {row.answer: row.seq for row in same}
    return max(votes, key=lambda answer: (votes[answer], last[answer]))
