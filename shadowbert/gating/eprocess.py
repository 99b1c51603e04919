"""The promotion test: evidence that agreement is above a target, valid however often anybody looks.

A mixture e-process over a fixed grid of alternatives. Knows counts and thresholds only: not where rows come from, nor
what a verdict causes.

Null: every row agrees with probability at most tau, given all rows before it (independence is not needed, but the
choice to compare a row must not look at its outcome). With s agreements and f disagreements

    E(s, f) = mean over k of (q_k / tau)^s ((1 - q_k) / (1 - tau))^f,    q_k = 1 - (1 - tau) v_k,

v_k = (1 - u_k)^2, u_k = (k - 1/2) / 64. Under the null the chance that E ever reaches 1/alpha is at most alpha
(Ville 1939; Howard et al., arXiv 1810.08240; Waudby-Smith & Ramdas, arXiv 2010.09686). Because the factors are
(v_k + (1 - v_k) / tau) >= 1 and v_k < 1, E rises with s, falls with f and falls with tau: bisection on tau is exact.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

from shadowbert.domain.evidence import Counts

GRID = 64
BISECTIONS = 40
"""Halvings of an interval inside [0, 1]: the error left is below 1e-12."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """The logarithms of what one agreement and one disagreement do to each alternative."""

    gains: tuple[float, ...]
    losses: tuple[float, ...]

    @classmethod
    def against(cls, tau: float) -> "Mixture":
        squares = [(1 - (k + 0.5) / GRID) ** 2 for k in range(GRID)]
        return cls(
            gains=tuple(math.log(v + (1 - v) / tau) for v in squares),
            losses=tuple(math.log(v) for v in squares),
        )

    def log_e(self, agree: int, disagree: int) -> float:
        logs = [agree * gain + disagree * loss for gain, loss in zip(self.gains, self.losses, strict=True)]
        top = max(logs)
        return top + math.log(sum(math.exp(log - top) for log in logs) / GRID)


@lru_cache(maxsize=256)
def mixture(tau: float) -> Mixture:
    """The table of a threshold in (0, 1)."""
    return Mixture.against(tau)


def log_e_value(counts: Counts, tau: float) -> float:
    """Natural logarithm of the evidence against "agreement is at most tau".

    >>> round(log_e_value(Counts(agree=74), 0.95), 3), round(math.log(1 / 0.05), 3)
    (3.01, 2.996)
    """
    return mixture(tau).log_e(counts.agree, counts.disagree)


def passes(counts: Counts, tau: float, *, alpha: float) -> bool:
    """Whether the evidence has reached 1/alpha.

    >>> passes(Counts(agree=73), 0.95, alpha=0.05), passes(Counts(agree=74), 0.95, alpha=0.05)
    (False, True)
    """
    return log_e_value(counts, tau) >= -math.log(alpha)


def fails(counts: Counts, tau: float, *, alpha: float) -> bool:
    """Whether the mirrored test shows the agreement to be below tau, at the same level and under the same looking.

    >>> fails(Counts(agree=80, disagree=20), 0.95, alpha=0.05), fails(Counts(agree=95, disagree=5), 0.95, alpha=0.05)
    (True, False)
    """
    return passes(Counts(counts.disagree, counts.agree), 1 - tau, alpha=alpha)


def lower_bound(counts: Counts, *, alpha: float) -> float:
    """The lower end of the time-uniform confidence sequence: valid at every moment at once with chance 1 - alpha.

    >>> round(lower_bound(Counts(agree=490, disagree=10), alpha=0.05), 4)
    0.9558
    """
    if not counts.agree:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        refuted = Mixture.against(middle).log_e(counts.agree, counts.disagree) >= -math.log(alpha)
        low, high = (middle, high) if refuted else (low, middle)
    return low


def alpha_share(candidate: int, alpha: float) -> float:
    """What the j-th candidate that enters evidence may spend; the shares of all candidates ever sum to alpha.

    >>> [round(1 / alpha_share(j, 0.05)) for j in (1, 2, 3)]
    [40, 120, 240]
    """
    if candidate < 1:
        raise ValueError(f"candidates are counted from 1, not {candidate}")
    return alpha / (candidate * (candidate + 1))


def rows_to_pass(counts: Counts, tau: float, *, alpha: float) -> int:
    """How many more rows would pass if all of them agreed: exact, by doubling and bisection.

    >>> rows_to_pass(Counts(), 0.95, alpha=0.05), rows_to_pass(Counts(agree=70), 0.95, alpha=0.05)
    (74, 4)
    """

    def enough(rows: int) -> bool:
        return passes(Counts(counts.agree + rows, counts.disagree), tau, alpha=alpha)

    if enough(0):
        return 0
    low, high = 0, 1
    while not enough(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def rows_at_share(counts: Counts, tau: float, *, alpha: float, share: float) -> int | None:
    """About how many more rows pass if this share of them agrees; None when none would be enough.

    The evidence still missing over what a row brings on average, KL(share || tau) nats (Wald 1947). In simulations
    from 0 to 400 rows the median run needs between 0.8 and 1.2 times as many.

    >>> rows_at_share(Counts(), 0.95, alpha=0.05, share=0.98)
    247
    >>> rows_at_share(Counts(), 0.95, alpha=0.05, share=0.95) is None
    True
    """
    missing = -math.log(alpha) - log_e_value(counts, tau)
    if missing <= 0:
        return 0
    if share <= tau:
        return None
    return max(math.ceil(missing / divergence(share, tau)), rows_to_pass(counts, tau, alpha=alpha))


def divergence(p: float, q: float) -> float:
    """Kullback-Leibler divergence of Bernoulli(p) from Bernoulli(q) in nats; q lies inside (0, 1).

    >>> round(divergence(0.98, 0.95), 4), divergence(0.95, 0.95)
    (0.0121, 0.0)
    """
    return sum(a * math.log(a / b) for a, b in ((p, q), (1 - p, 1 - q)) if a > 0)
