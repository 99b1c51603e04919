"""How well any student could agree with a teacher that does not always agree with itself.

Two numbers, not to be mistaken for one another. *Self-agreement* is the chance that two answers to one input are equal:
the mean over inputs of sum p_k^2, where p_k is how often the teacher says label k to it. The *best possible agreement*
is that of a student that always says the teacher's commonest answer: the mean of max p_k, which is no less. Repeats
show the first; the second lies in a range that follows from it, for sum p_k^2 <= max p_k, and of K labels the largest
share there can be is (1 + sqrt((K - 1)(K s - 1))) / K where s = sum p_k^2: concave in s, so it holds for means too
(Jensen). Both ends are reached: the lower by inputs that are either certain or a coin's toss, the upper by inputs that
are all alike.

Assumes that inputs are drawn independently of one another, each counting once however often it came, and that two
answers to one input are independent: an upstream that caches its answers agrees with itself more often than its model.
"""

import math
from dataclasses import dataclass

from shadowbert.gating.bounds import around_mean
from shadowbert.gating.wording import percent

DELTA = 0.1
"""How often the interval may miss the truth: 5 % on either side."""


@dataclass(frozen=True, slots=True)
class SelfAgreement:
    share: float
    """The mean over inputs of the chance that two answers are equal."""
    inputs: int
    """Asked at least twice."""
    conflicts: int
    """Of which so many got more than one answer."""
    classes: int
    """How many answers there are to choose from."""

    @property
    def between(self) -> tuple[float, float]:
        return around_mean(self.share, self.inputs, delta=DELTA)

    @property
    def best(self) -> float:
        """What the best student reaches at most, if the share is what it seems."""
        return best_agreement(self.share, self.classes)

    @property
    def at_most(self) -> float:
        """What the best student reaches at most, whatever the share may be within its interval."""
        return best_agreement(self.between[1], self.classes)

    @property
    def nearest_target(self) -> float:
        """The highest target, in whole percent, that it does not rule out; below 1, for no test shows all of them."""
        return max(0.0, min(0.99, math.ceil(self.at_most * 100 - 1e-9) / 100 - 0.01))

    def rules_out(self, target: float) -> bool:
        """Whether even the upper end of the range lies below: then waiting is no use."""
        return self.at_most <= target

    def doubts(self, target: float) -> bool:
        """Whether the target is out of reach if the share is what it seems."""
        return self.best <= target

    def words(self) -> str:
        """Both numbers, as people read them.

        >>> print(SelfAgreement(0.9, 200, 30, 3).words())
        90 % of the time (between 84 % and 94.3 %; 200 inputs), so that the best student would agree with it on 90 % \
to 94.7 % (97.1 % at most)
        """
        low, high = map(percent, self.between)
        inputs = f"{self.inputs:,} input{'' if self.inputs == 1 else 's'}"
        best = f"{percent(self.share)} to {percent(self.best)}" if self.share < self.best else percent(self.share)
        so = f"so that the best student would agree with it on {best} ({percent(self.at_most)} at most)"
        return f"{percent(self.share)} of the time (between {low} and {high}; {inputs}), {so}"


def best_agreement(share: float, classes: int) -> float:
    """The upper end: the largest mean of max p_k among K labels whose mean of sum p_k^2 is so much.

    >>> round(best_agreement(0.9, 2), 4), round(best_agreement(0.9, 3), 4), best_agreement(1.0, 5)
    (0.9472, 0.948, 1.0)
    """
    if classes < 2:
        return 1.0
    return min(1.0, (1 + math.sqrt((classes - 1) * max(0.0, classes * share - 1))) / classes)
