"""What a threshold serves on fresh rows, and whether that is enough. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from shadowbert.domain.contract import Answer
from shadowbert.gating.bounds import lower
from tests.bench.students.learners import Said

NOISE = 0.03
WIN = 1.2
WIN_OVER_NOTHING = 0.1
SURE = 0.05


@dataclass(frozen=True, slots=True)
class Served:
    """Counts on fresh rows; those of several seeds are added."""

    rows: int = 0
    agreed: int = 0
    """Of all rows."""
    served: int = 0
    errors: int = 0
    """Of the served ones."""
    seeds: int = 1

    def __add__(self, other: "Served") -> "Served":
        return Served(
            self.rows + other.rows,
            self.agreed + other.agreed,
            self.served + other.served,
            self.errors + other.errors,
            self.seeds + other.seeds,
        )

    @property
    def share(self) -> float:
        return self.served / self.rows if self.rows else 0.0

    @property
    def agreement(self) -> float:
        return self.agreed / self.rows if self.rows else 0.0

    @property
    def disagreement(self) -> float:
        return self.errors / self.served if self.served else 0.0

    def breaks(self, allowed: float) -> bool:
        """Whether the disagreement is over the allowed one beyond noise. Seeds share rows, so they count as one."""
        served, errors = round(self.served / self.seeds), round(self.errors / self.seeds)
        return served > 0 and lower(errors, served, delta=SURE) > allowed

    def __str__(self) -> str:
        return f"{self.share:.2f}/{self.disagreement:.3f} {self.agreement:.3f}"


def serve(said: Sequence[Said], answers: Sequence[Answer], threshold: float | None) -> Served:
    right = [guess.answer == answer for guess, answer in zip(said, answers, strict=True)]
    served = [threshold is not None and guess.confidence >= threshold for guess in said]
    errors = sum(chosen and not agreed for chosen, agreed in zip(served, right, strict=True))
    return Served(len(right), sum(right), sum(served), errors)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judged student against the best other one on a row."""

    reached: bool
    """At least the best share."""
    won: bool
    """1.2 times the best, and by more than noise."""
    broken: bool
    """Disagrees more than allowed, beyond noise."""

    def __str__(self) -> str:
        mark = "MISSED" if self.broken or not self.reached else "ok"
        return mark + (" >=1.2x" if self.won else "") + (" over the allowed disagreement" if self.broken else "")


def judge(own: Served, best: float, *, allowed: float) -> Verdict:
    """A win over nothing is a tenth served.

    >>> str(judge(Served(100, 90, 60, 0), 0.5, allowed=0.05)), str(judge(Served(100, 90, 9, 0), 0.0, allowed=0.05))
    ('ok >=1.2x', 'ok')
    """
    least = WIN_OVER_NOTHING if best == 0 else max(WIN * best, best + NOISE)
    share = round(own.share, 4)
    return Verdict(share >= best, share >= round(least, 4), own.breaks(allowed))
