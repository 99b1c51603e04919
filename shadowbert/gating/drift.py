"""Has the agreement of what is served fallen? A detector that watches audits one by one and never tires.

A CUSUM e-detector (Shin, Ramdas & Rinaldo, arXiv 2203.03532) over 24 fixed alternatives. Knows booleans only, in the
order of the store's load sequence; every audited row counts, repeated inputs included.

Assumption: while nothing is wrong, each audit agrees with probability at least tau_down given the audits before it.
Then the mean number of audits until a false alarm is at least ALARM_AT.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

ALTERNATIVES = 24
MILDEST, WORST = 0.98, 0.40
"""The alternatives lie evenly between these parts of tau_down."""
ALARM_AT = 10_000.0
SUSPICIOUS_AT = 30.0
HYSTERESIS = 0.02


def tau_down(target: float) -> float:
    """The agreement below which an alarm is wanted: two points under the target, so that luck moves nothing."""
    return target - HYSTERESIS


@dataclass(frozen=True, slots=True)
class Alternative:
    """By how much one audit moves the bet on one lower agreement."""

    agreed: float
    disagreed: float


class DriftDetector:
    """The mean of 24 bets, each restarted at 1 whenever it has lost.

    An alarm stays: rows after it change nothing, so an alarm in the middle of a batch cannot be lost at its end.
    A new champion starts a new detector.

    >>> detector = DriftDetector(0.95).update(True).update(False).update(False).update(False)
    >>> detector.suspicious, detector.alarm
    (True, False)
    >>> DriftDetector(0.95, detector.state).value == detector.value
    True
    """

    def __init__(self, tau_down: float, state: tuple[float, ...] | None = None) -> None:
        """`state` is what an earlier detector with the same tau_down left behind."""
        self._alternatives = _alternatives(tau_down)
        self._bets = list((0.0,) * ALTERNATIVES if state is None else state)
        if len(self._bets) != ALTERNATIVES:
            raise ValueError(f"a detector's state has {ALTERNATIVES} numbers, not {len(self._bets)}")

    def update(self, agreed: bool) -> Self:  # noqa: FBT001 - a row is its one bit
        if not self.alarm:
            self._bets = [
                max(bet, 1.0) * (alternative.agreed if agreed else alternative.disagreed)
                for bet, alternative in zip(self._bets, self._alternatives, strict=True)
            ]
        return self

    @property
    def value(self) -> float:
        return sum(self._bets) / ALTERNATIVES

    @property
    def alarm(self) -> bool:
        return self.value >= ALARM_AT

    @property
    def suspicious(self) -> bool:
        """Worth buying more audits, while they can tell more. It never demotes by itself."""
        return self.value >= SUSPICIOUS_AT and not self.alarm

    @property
    def state(self) -> tuple[float, ...]:
        return tuple(self._bets)


def replay(agreements: Iterable[bool], tau_down: float) -> DriftDetector:
    """The detector after these audits, oldest first.

    >>> replay([True] * 500 + [False] * 12, 0.95).alarm
    True
    """
    detector = DriftDetector(tau_down)
    for agreed in agreements:
        detector.update(agreed)
    return detector


def _alternatives(tau: float) -> tuple[Alternative, ...]:
    if not 0 < tau < 1:
        raise ValueError(f"tau_down lies inside (0, 1), not at {tau}")
    step = (MILDEST - WORST) / (ALTERNATIVES - 1)
    shares = [tau * (MILDEST - step * k) for k in range(ALTERNATIVES)]
    return tuple(Alternative(agreed=q / tau, disagreed=(1 - q) / (1 - tau)) for q in shares)
