"""Agreement and its time-uniform bound as evidence comes in, at a few dozen points. Knows outcomes, no store."""

from collections.abc import Sequence
from functools import lru_cache

from shadowbert.domain.evidence import Counts
from shadowbert.gating.eprocess import lower_bound

CURVE_POINTS = 48


@lru_cache(maxsize=4096)
def bound(counts: Counts, alpha: float) -> float:
    """A page is looked at again and again, and a bound takes a millisecond."""
    return lower_bound(counts, alpha=alpha)


def curve(audits: Sequence[bool], alpha: float) -> tuple[tuple[int, float, float], ...]:
    """At every so many rows, a power of two: most points stay where they are when rows are added."""
    step = 1
    while len(audits) > step * CURVE_POINTS:
        step *= 2
    points, agreed = [], 0
    for rows, agree in enumerate(audits, start=1):
        agreed += agree
        if rows % step == 0 or rows == len(audits):
            points.append((rows, agreed / rows, bound(Counts(agreed, rows - agreed), alpha)))
    return tuple(points)
