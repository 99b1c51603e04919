"""What became of one order of a stream, and whether it kept the promise."""

from dataclasses import dataclass

from scipy.stats import binom


@dataclass(frozen=True, slots=True)
class Outcome:
    opened: int | None
    """The call at which the first local answers came; None where none did."""
    live: int | None
    local: tuple[bool | None, ...]
    """One a call: whether the local answer agreed, None where the LLM answered."""
    bets: int
    falls: int

    @property
    def answered(self) -> int:
        return sum(said is not None for said in self.local)

    @property
    def agreed(self) -> int:
        return sum(said is True for said in self.local)

    @property
    def share(self) -> float:
        """Of all calls, answered locally."""
        return self.answered / len(self.local)

    @property
    def last_fifth(self) -> float:
        late = self.local[len(self.local) * 4 // 5 :]
        return sum(said is not None for said in late) / len(late)

    @property
    def agreement(self) -> float | None:
        return self.agreed / self.answered if self.answered else None

    def chance(self, target: float) -> float:
        """Of so few agreeing answers at exactly the target: one-sided binomial, answers taken as independent."""
        return float(binom.cdf(self.agreed, self.answered, target)) if self.answered else 1.0
