"""Is the student as often sure of its calls as it was? A signal that needs no label: it buys audits and demotes nobody.

Two drift detectors on the same calls, in the order of the store's load sequence: one bets that fewer are in the slice,
one that more are. Knows booleans (sure or not) and counts only. What changed it cannot say: other calls, another
wording, a fault of the student. Whether agreement fell with it, the audits that it buys will show.

Assumption: while nothing has changed, the chance that a call is in the slice, given the calls before it, stays inside
an interval around the reference: five points each way, or the exact 98 % interval of the reference where that is wider.
Then the mean number of calls until a false alarm is at least RAISED_AT at the interval's very edge; at the reference
itself there is next to none. Calls that come in runs of sure and unsure ones break the assumption (where every second
call repeats the one before, a false alarm comes about every 1,300 calls): the price is a hundred audits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Self

from shadowbert.domain.evidence import Counts
from shadowbert.gating.bounds import lower, upper
from shadowbert.gating.drift import DriftDetector
from shadowbert.gating.wording import percent

RAISED_AT = 5_000.0
TOLERANCE = 0.05
DELTA = 0.01
LEAST_REFERENCE = 200
"""Calls without which nobody knows how often the student is sure."""
AUDITS_BOUGHT = 100
"""Rows of the slice that are checked, after the calls have changed, before what is now counts as normal."""

NOTHING = Counts()

Bets = tuple[tuple[float, ...], tuple[float, ...]]


@lru_cache(maxsize=64)
def usual(reference: Counts) -> tuple[float, float]:
    """Between which shares of sure calls nothing has changed.

    >>> [round(share, 3) for share in usual(Counts(agree=240, disagree=160))]
    [0.541, 0.657]
    >>> [round(share, 3) for share in usual(Counts(agree=6000, disagree=4000))]
    [0.55, 0.65]
    """
    share = reference.agree / reference.rows
    low = min(share - TOLERANCE, lower(reference.agree, reference.rows, delta=DELTA))
    high = max(share + TOLERANCE, upper(reference.agree, reference.rows, delta=DELTA))
    return max(0.0, low), min(1.0, high)


class SuretyDetector:
    """The mean of two detectors: the first is shown each call that is in the slice as good, the second as bad.

    >>> detector = SuretyDetector(Counts(agree=240, disagree=160))
    >>> for _ in range(50):
    ...     detector.update(sure=False)
    >>> detector.raised, detector.fewer
    (True, True)
    """

    def __init__(self, reference: Counts, bets: Bets | None = None) -> None:
        """`bets` are what an earlier detector with the same reference left behind."""
        low, high = usual(reference)
        fewer, more = bets or (None, None)
        self._fewer = DriftDetector(low, fewer) if low > 0 else None
        self._more = DriftDetector(1 - high, more) if high < 1 else None

    def update(self, *, sure: bool) -> None:
        if self._fewer is not None:
            self._fewer.update(sure)
        if self._more is not None:
            self._more.update(not sure)

    @property
    def raised(self) -> bool:
        return (_value(self._fewer) + _value(self._more)) / 2 >= RAISED_AT

    @property
    def fewer(self) -> bool:
        """Whether it speaks for fewer sure calls rather than for more."""
        return _value(self._fewer) >= _value(self._more)

    @property
    def bets(self) -> Bets:
        return _state(self._fewer), _state(self._more)


@dataclass(slots=True)
class Escalations:
    """How sure a champion has been, call by call, from the day it answers everything it is sure of.

    A call that shows a change asks for AUDITS_BOUGHT audits. Once they have come, how sure it has been since is the
    reference: a change is told once, and nobody pays for ever for calls that are simply others now.

    >>> watch = Escalations(Counts(agree=240, disagree=160))
    >>> watch.see([False] * 60)
    >>> watch.changed
    'the student is sure of fewer calls than before (60 %)'
    >>> for _ in range(AUDITS_BOUGHT):
    ...     watch.audited()
    >>> watch.changed
    ''
    """

    reference: Counts = NOTHING
    before: Counts = NOTHING
    """The reference that the latest change was a change from."""
    fewer: bool = True
    audits_left: int = 0
    bets: Bets | None = None

    def see(self, calls: Sequence[bool]) -> None:
        """Whether each of these calls, which no audit parts, was in the slice."""
        rest = list(calls)
        while rest:
            rest = self._learn(rest) if self._learning else self._compare(rest)

    def audited(self) -> None:
        """A row of the slice has been checked."""
        self.audits_left = max(0, self.audits_left - 1)

    @property
    def changed(self) -> str:
        """What has changed, in words, while audits are asked for; else empty."""
        if not self.audits_left:
            return ""
        share = self.before.agree / self.before.rows
        return f"the student is sure of {'fewer' if self.fewer else 'more'} calls than before ({percent(share)})"

    @property
    def _learning(self) -> bool:
        return self.audits_left > 0 or self.reference.rows < LEAST_REFERENCE

    def _learn(self, calls: list[bool]) -> list[bool]:
        missing = len(calls) if self.audits_left else LEAST_REFERENCE - self.reference.rows
        taken = calls[:missing]
        sure = sum(taken)
        self.reference = Counts(self.reference.agree + sure, self.reference.disagree + len(taken) - sure)
        return calls[missing:]

    def _compare(self, calls: list[bool]) -> list[bool]:
        detector = SuretyDetector(self.reference, self.bets)
        for seen, sure in enumerate(calls, start=1):
            detector.update(sure=sure)
            if detector.raised:
                self.before, self.reference, self.bets = self.reference, NOTHING, None
                self.fewer, self.audits_left = detector.fewer, AUDITS_BOUGHT
                return calls[seen:]
        self.bets = detector.bets
        return []

    def to_json(self) -> dict[str, object]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        bets = data["bets"]
        return cls(
            reference=Counts(**data["reference"]),
            before=Counts(**data["before"]),
            fewer=data["fewer"],
            audits_left=data["audits_left"],
            bets=None if bets is None else (tuple(bets[0]), tuple(bets[1])),
        )


def _value(detector: DriftDetector | None) -> float:
    return 0.0 if detector is None else detector.value


def _state(detector: DriftDetector | None) -> tuple[float, ...]:
    return () if detector is None else detector.state
