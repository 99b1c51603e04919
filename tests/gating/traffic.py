"""Traffic that might deceive a gate: endless calls of one task, with what its student and its teacher say.

Every kind states the true agreement on what the gate counts, distinct inputs. Labels are numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from shadowbert.domain.task import Policy
from tests.gating.twins import Bools, Floats, Ints

Rng = np.random.Generator
TAUGHT = Policy().first_training


@dataclass(frozen=True, slots=True)
class Calls:
    """What was said on consecutive calls, and which input each was about."""

    said: Ints
    told: Ints
    text: Ints

    @property
    def agreed(self) -> Bools:
        return np.asarray(self.said == self.told)

    def evidence(self) -> "Calls":
        """What counts for promotion: the calls after the first 200, which teach the student, on inputs that are not
        among these, each the first time that it comes.
        """
        taught, after = self.text[:TAUGHT], self.after(TAUGHT)
        first = np.sort(np.unique(after.text, return_index=True)[1])
        return after.only(first).only(~np.isin(after.text[first], taught))

    def after(self, row: int) -> "Calls":
        return Calls(self.said[row:], self.told[row:], self.text[row:])

    def only(self, rows: Ints | Bools) -> "Calls":
        return Calls(self.said[rows], self.told[rows], self.text[rows])


Traffic = Callable[[Rng, int], Calls]
"""So many calls; every call of it is another stream."""


def answered(rng: Rng, told: Ints, chance: Floats | float, text: Ints | None = None, *, labels: int) -> Calls:
    """A student that agrees with this chance a row and else says any other label."""
    wrong = (told + rng.integers(1, labels, len(told))) % labels
    said = np.where(rng.random(len(told)) < chance, told, wrong)
    return Calls(said, told, np.arange(len(told)) if text is None else text)


def _uniform(rng: Rng, rows: int, labels: int) -> Ints:
    return rng.integers(0, labels, rows)


def steady(agreement: float, *, labels: int = 10) -> Traffic:
    """Nothing but luck."""
    return lambda rng, rows: answered(rng, _uniform(rng, rows, labels), agreement, labels=labels)


def _runs(rng: Rng, rows: int, stay: float, kinds: int) -> Ints:
    """A Markov chain over so many kinds of call, each of which stays so long on average."""
    moves = rng.random(rows) < 1 / stay
    return rng.integers(0, kinds, rows)[np.maximum.accumulate(np.where(moves, np.arange(rows), 0))]


def label_runs(agreement: float, *, stay: float) -> Traffic:
    """The teacher's labels come in runs; the student is as good on each of them."""
    return lambda rng, rows: answered(rng, _runs(rng, rows, stay, 10), agreement, labels=10)


def topics(agreement: float, *, spread: float, stay: float) -> Traffic:
    """Ten topics in runs: half of them so much easier than the mean, half so much harder."""

    def traffic(rng: Rng, rows: int) -> Calls:
        chance = agreement + np.where(_runs(rng, rows, stay, 10) % 2, spread, -spread)
        return answered(rng, _uniform(rng, rows, 10), chance, labels=10)

    return traffic


def clumps(agreement: float, *, correlation: float) -> Traffic:
    """A Markov chain on agreement itself: each call repeats the outcome of the one before with this chance, and else
    is drawn anew.
    """

    def traffic(rng: Rng, rows: int) -> Calls:
        anew = rng.random(rows) >= correlation
        anew[0] = True
        drawn = rng.random(rows) < agreement
        agreed = drawn[np.maximum.accumulate(np.where(anew, np.arange(rows), 0))]
        return answered(rng, _uniform(rng, rows, 10), agreed.astype(float), labels=10)

    return traffic


def bursts(agreement: float, *, length: float) -> Traffic:
    """Each input comes so often in a row, on average; what the student makes of it stays the same."""

    def traffic(rng: Rng, rows: int) -> Calls:
        text = (rng.random(rows) < 1 / length).cumsum()
        each = steady(agreement)(rng, int(text[-1]) + 1)
        return Calls(each.said[text], each.told[text], text)

    return traffic


def skewed(agreement: float, *, rare: float = 0.6, share: float = 0.97) -> Traffic:
    """One label is nearly all there is, and on the rest the student is poor."""
    common = (agreement - (1 - share) * rare) / share

    def traffic(rng: Rng, rows: int) -> Calls:
        told = np.where(rng.random(rows) < share, 0, rng.integers(1, 5, rows))
        return answered(rng, told, np.where(told == 0, common, rare), labels=5)

    return traffic


def majority(share: float) -> Traffic:
    """The student says the commonest label, whatever it is asked."""

    def traffic(rng: Rng, rows: int) -> Calls:
        told = np.where(rng.random(rows) < share, 0, rng.integers(1, 5, rows))
        return Calls(np.zeros(rows, dtype=np.int64), told, np.arange(rows))

    return traffic


def hot(agreement: float, *, on_hot: float = 1.0, texts: int = 30, share: float = 0.5) -> Traffic:
    """A few inputs are a share of the traffic; the student is right on so many of them, and on the others, which come
    once each, as often as said.
    """

    def traffic(rng: Rng, rows: int) -> Calls:
        known = steady(on_hot)(rng, texts)
        cold = steady(agreement)(rng, rows)
        which = rng.integers(0, texts, rows)
        is_hot = rng.random(rows) < share
        pick = [
            np.where(is_hot, a[which], b)
            for a, b in ((known.said, cold.said), (known.told, cold.told), (known.text, cold.text + texts))
        ]
        return Calls(*pick)

    return traffic


def many_labels(agreement: float, *, labels: int = 50) -> Traffic:
    """All labels just as bad, and some far commoner than others (Zipf)."""
    weights = 1 / np.arange(1, labels + 1)

    def traffic(rng: Rng, rows: int) -> Calls:
        told = rng.choice(labels, rows, p=weights / weights.sum())
        return answered(rng, told, agreement, labels=labels)

    return traffic
