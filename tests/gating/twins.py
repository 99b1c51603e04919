"""The gate and the detector over arrays: as many streams at once as a simulation needs.

Nothing is decided here in another way than in the package: the boundaries are found by asking the package's own
functions, and `test_twins` holds every twin together with what it stands for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from shadowbert.domain.evidence import Counts
from shadowbert.domain.task import Policy
from shadowbert.gating.drift import ALARM_AT, ALTERNATIVES, SUSPICIOUS_AT, DriftDetector
from shadowbert.gating.eprocess import alpha_share, rows_to_pass
from shadowbert.gating.objections import LIFT_ALPHA, LIFT_TARGET, MIN_KAPPA

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NEVER = 2**40
"""More agreements than any stream has."""
MOST = 6_000
"""Rows of a stream that is judged as a whole: one table of boundaries for all of them."""


@lru_cache(maxsize=64)
def boundary(target: float, alpha: float, rows: int, least: int = 0) -> Ints:
    """At f disagreements, the agreements from which the evidence passes; NEVER where that takes more than `rows`."""
    needed: list[int] = []
    for disagree in range(rows + 1):
        agree = rows_to_pass(Counts(0, disagree), target, alpha=alpha)
        if agree + disagree > rows:
            break
        needed.append(max(agree, least - disagree))
    return np.array([*needed, NEVER])


def candidates_boundary(policy: Policy, number: int, rows: int) -> Ints:
    """The boundary of the task's j-th candidate."""
    return boundary(policy.target, alpha_share(number, policy.alpha), rows, policy.min_rows)


def passing(agree: Ints, disagree: Ints, needed: Ints) -> Bools:
    return np.asarray(agree >= needed[np.minimum(disagree, len(needed) - 1)])


def first_pass(agreed: Bools, needed: Ints) -> Ints:
    """The row at which each stream (one a line), looked at after every row, first passes; one more than there are rows
    where it never does.
    """
    rows = agreed.shape[1]
    disagree = (~agreed).cumsum(axis=1)
    passed = passing(np.arange(1, rows + 1) - disagree, disagree, needed)
    return np.where(passed.any(axis=1), passed.argmax(axis=1) + 1, rows + 1)


def promoted_at(said: Ints, told: Ints, policy: Policy, number: int) -> int | None:
    """The first row after which `judge_shadow` lets the candidate serve, over what student and teacher said, a row
    each; labels are numbered in the alphabet's order.
    """
    disagree = (said != told).cumsum()
    agree = np.arange(1, len(said) + 1) - disagree
    hopeful = np.flatnonzero(passing(agree, disagree, candidates_boundary(policy, number, MOST)))
    if not hopeful.size:
        return None
    margins = _Margins.of(said, told, hopeful)
    allowed = hopeful[margins.lifted() & (margins.kappa() >= MIN_KAPPA)]
    return int(allowed[0]) + 1 if allowed.size else None


@dataclass(frozen=True, slots=True)
class _Margins:
    """How often each label was said, was told, and was both, after each of the rows asked for: a column a label."""

    said: Ints
    told: Ints
    both: Ints

    @classmethod
    def of(cls, said: Ints, told: Ints, rows: Ints) -> "_Margins":
        labels = np.arange(max(said.max(), told.max()) + 1)
        said_, told_ = said[:, None] == labels, told[:, None] == labels
        return cls(*(hits.cumsum(axis=0)[rows] for hits in (said_, told_, said_ & told_)))

    def lifted(self) -> Bools:
        """Agreement where the teacher does not say its commonest label, at its own level."""
        at, top = np.arange(len(self.told)), self.told.argmax(axis=1)
        agree = self.both.sum(axis=1) - self.both[at, top]
        disagree = self.told.sum(axis=1) - self.told[at, top] - agree
        return passing(agree, disagree, boundary(LIFT_TARGET, LIFT_ALPHA, MOST))

    def kappa(self) -> Floats:
        total = self.told.sum(axis=1)
        share, chance = self.both.sum(axis=1) / total, (self.said * self.told).sum(axis=1) / total**2
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(chance < 1, (share - chance) / (1 - chance), -np.inf)


class Detectors:
    """As many drift detectors as there are streams, moved by one audit each at a time."""

    def __init__(self, tau_down: float, streams: int) -> None:
        """What one audit does to each bet is read off the product: a bet that stands at 1 becomes that factor."""
        agreed, disagreed = (np.array(DriftDetector(tau_down).update(x).state) for x in (True, False))
        self._agreed, self._disagreed = agreed, disagreed
        self._bets = np.zeros((streams, ALTERNATIVES))
        self.value = np.zeros(streams)

    def update(self, agreed: Bools) -> None:
        """An alarm stays."""
        factors = np.where(agreed[:, None], self._agreed, self._disagreed)
        moved = np.maximum(self._bets, 1.0) * factors
        self._bets = np.where(self.alarm[:, None], self._bets, moved)
        self.value = self._bets.mean(axis=1)

    @property
    def alarm(self) -> Bools:
        return self.value >= ALARM_AT

    @property
    def suspicious(self) -> Bools:
        return (self.value >= SUSPICIOUS_AT) & ~self.alarm


def steps(detectors: Detectors, outcomes: Iterator[Bools]) -> Iterator[tuple[Bools, Bools]]:
    """(suspicious before, alarm after) each audit, until all have alarmed or the outcomes end."""
    for agreed in outcomes:
        before = detectors.suspicious
        detectors.update(agreed)
        yield before, detectors.alarm
        if detectors.alarm.all():
            return
