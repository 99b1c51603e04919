"""Is a candidate better off without the labels that are shown bad in it? A bet, as every candidate is.

A variant begins without a row and with a smaller share of alpha, so what it may come to is weighed as in `threshold`:
by the share of the next calls that it is expected to serve, its wait taken off. Later traffic decides; a variant that
was not worth it has cost a share of alpha, and never the promise.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shadowbert.domain.contract import Answer
from shadowbert.domain.evidence import Counts, Departure
from shadowbert.domain.task import Policy
from shadowbert.gating.eprocess import alpha_share, rows_at_share
from shadowbert.gating.labels import without
from shadowbert.gating.threshold import HORIZON, JEFFREYS, MIN_COVERAGE


@dataclass(frozen=True, slots=True)
class Waiting:
    """A slice that has not passed."""

    counts: Counts
    """Its evidence so far."""
    share: float
    """At which its rows to come are thought to agree."""
    coverage: float
    number: int
    """It is the task's j-th candidate."""

    def served(self, policy: Policy) -> float:
        """Expected share of the calls within the horizon that it serves; 0 where it would never pass.

        >>> young = Waiting(Counts(), 0.98, coverage=0.6, number=1)
        >>> round(young.served(Policy()), 3), Waiting(Counts(), 0.94, coverage=0.6, number=1).served(Policy())
        (0.539, 0.0)
        """
        alpha = alpha_share(self.number, policy.alpha)
        wait = rows_at_share(self.counts, policy.target, alpha=alpha, share=self.share)
        if wait is None or not self.coverage:
            return 0.0
        wait = max(wait, policy.min_rows - self.counts.rows)
        return self.coverage * max(0.0, 1 - wait / (self.coverage * HORIZON))


def better_without(
    rows: Mapping[Answer, Counts], gone: tuple[Departure, ...], whole: Waiting, policy: Policy, *, number: int
) -> float | None:
    """The coverage of the variant, where it is expected to serve more than the whole it comes from; else None.

    `rows`: the evidence of the whole; `number`: the variant's.
    """
    rest = without(rows, gone)
    coverage = whole.coverage * rest.rows / whole.counts.rows if whole.counts.rows else 0.0
    variant = Waiting(Counts(), hoped(rest), coverage, number)
    better = coverage >= MIN_COVERAGE and variant.served(policy) > whole.served(policy)
    return coverage if better else None


def hoped(counts: Counts) -> float:
    """Agreement to come; after few rows nothing is sure (Jeffreys' prior).

    >>> hoped(Counts(agree=49))
    0.99
    """
    return (counts.agree + JEFFREYS) / (counts.rows + 2 * JEFFREYS)
