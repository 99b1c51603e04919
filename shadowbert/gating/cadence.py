"""When is the next student due? At a first size, at every doubling while doublings help, and when agreement fell.

Pure: sizes and agreements in, answers out. Students at doublings cost at most twice what the last one costs.

A doubling that gains nothing may be bad luck. Assumption for what follows: each agreement is a binomial share of the
examples. Then true gains of 3 points at 400 and at 800 examples look like two gains under half a point less than once
in 1,000 times; once in 90 where only two fifths of the examples are judged. So they were for frozen-encoder students at
200 to 6,400 examples of nine real streams, in three orders each: 5 of 27 stopped, and one of these five, at 800
examples, would have gained more than a point later.
"""

from collections.abc import Sequence
from dataclasses import dataclass

LEAST_GAIN = 0.005
DOUBLED = 1.8
"""Sizes count as doubled from here on: a training starts when there are enough examples, not at a round number."""
ENOUGH_NEW, ENOUGH_PART = 50, 0.1


@dataclass(frozen=True, slots=True)
class Grown:
    """A student: how many examples taught it, and its agreement on rows that it was not fitted on."""

    examples: int
    agreement: float


def next_size(first: int, last: int) -> int:
    """Examples from which the next student is due; `last` is the size of the largest training, 0 before any.

    >>> next_size(200, 0), next_size(200, 60), next_size(200, 230)
    (200, 200, 460)
    """
    return max(first, 2 * last)


def size_after_fall(last: int) -> int:
    """Examples from which a student is due after agreement fell.

    The students so far know nothing of what changed. With under 50 new examples there are no twenty to judge by, and
    under a tenth of what they were trained on would hardly move them, yet every candidate costs a share of alpha.

    >>> size_after_fall(0), size_after_fall(300), size_after_fall(2000)
    (50, 350, 2200)
    """
    return last + max(ENOUGH_NEW, round(ENOUGH_PART * last))


def stalled(students: Sequence[Grown]) -> tuple[float, float] | None:
    """The gains of the last two doublings where both are under half a point; None while growing helps.

    >>> sizes = 200, 400, 800, 1600
    >>> stalled([Grown(n, a) for n, a in zip(sizes, (0.80, 0.85, 0.852, 0.853))])
    (0.002, 0.001)
    >>> stalled([Grown(n, a) for n, a in zip(sizes, (0.80, 0.85, 0.852, 0.87))])
    >>> stalled([Grown(800, 0.85), Grown(820, 0.85), Grown(860, 0.85)])  # trained again, not doubled
    """
    chain = doublings(students)
    if len(chain) < 3:
        return None
    first, second, third = (student.agreement for student in chain[-3:])
    gains = round(second - first, 6), round(third - second, 6)
    return gains if max(gains) < LEAST_GAIN else None


def doublings(students: Sequence[Grown]) -> list[Grown]:
    """Those that were trained on about twice as much as the one before, oldest first."""
    chain: list[Grown] = []
    for student in students:
        if not chain or student.examples >= DOUBLED * chain[-1].examples:
            chain.append(student)
    return chain
