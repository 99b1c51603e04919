"""Exact bounds for a share counted once (Clopper & Pearson 1934), in logarithms of the binomial; and, wider, for a mean
of numbers that lie anywhere between 0 and 1 (Hoeffding 1963).

Valid for a number of independent rows fixed before looking. Where anybody looks again and again, and for promotion
always, use the time-uniform bound of `eprocess` instead.
"""

import math

from shadowbert.gating.eprocess import divergence

BISECTIONS = 50


def lower(successes: int, rows: int, *, delta: float) -> float:
    """The lower bound that misses a true share with chance at most delta (one-sided).

    >>> round(lower(490, 500, delta=0.05), 4), lower(0, 10, delta=0.05)
    (0.9663, 0.0)
    """
    if not 0 <= successes <= rows:
        raise ValueError(f"{successes} successes in {rows} rows")
    if successes == 0:
        return 0.0
    low, high = 0.0, successes / rows
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        unlikely = _upper_tail(successes, rows, middle) < delta
        low, high = (middle, high) if unlikely else (low, middle)
    return low


def upper(successes: int, rows: int, *, delta: float) -> float:
    """The upper bound that misses a true share with chance at most delta (one-sided).

    >>> round(upper(0, 59, delta=0.05), 4), upper(10, 10, delta=0.05)
    (0.0495, 1.0)
    """
    return 1 - lower(rows - successes, rows, delta=delta)


def around_mean(mean: float, rows: int, *, delta: float) -> tuple[float, float]:
    """Between which bounds the expectation of independent numbers in [0, 1] lies; wrong with chance at most delta.

    Hoeffding's inequality in its sharpest form, by the divergence of two coins. Counts are not asked for, so means of
    shares that are themselves unsure will do.

    >>> low, high = around_mean(0.94, 200, delta=0.1)
    >>> round(low, 3), round(high, 3)
    (0.89, 0.973)
    """
    allowed = math.log(2 / delta) / rows
    return _farthest(mean, 0.0, allowed), _farthest(mean, 1.0, allowed)


def _farthest(mean: float, end: float, allowed: float) -> float:
    """From the mean towards an end of [0, 1], the last expectation that the mean does not contradict."""
    near, far = mean, end
    for _ in range(BISECTIONS):
        middle = (near + far) / 2
        contradicted = middle in (0.0, 1.0) or divergence(mean, middle) > allowed
        near, far = (near, middle) if contradicted else (middle, far)
    return end if near == end else far


def _upper_tail(successes: int, rows: int, share: float) -> float:
    """P(X >= successes) for X binomial and share <= successes / rows: from there on the terms only fall."""
    odds = share / (1 - share) if share < 1 else math.inf
    if not 0 < odds < math.inf:
        return float(share >= 1)
    term = total = math.exp(_log_binomial(successes, rows, share))
    for count in range(successes, rows):
        term *= (rows - count) / (count + 1) * odds
        total += term
        if term < total * 1e-17:
            break
    return total


def _log_binomial(successes: int, rows: int, share: float) -> float:
    choices = math.lgamma(rows + 1) - math.lgamma(successes + 1) - math.lgamma(rows - successes + 1)
    return choices + successes * math.log(share) + (rows - successes) * math.log1p(-share)
