"""How much one caller may teach: who can flood a task with calls must not write most of what its students learn.

Knows examples and who asked for them first, by whatever name; what a fair share is says the operator.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from shadowbert.domain.records import ExampleRow

SLACK = 1e-9
"""A tenth of thirty is three, whatever binary fractions make of it."""


@dataclass(frozen=True, slots=True)
class Cap:
    """What a share makes of the callers' examples."""

    share: float
    callers: int
    level: int
    """The most examples that one of them teaches."""
    left_out: int
    """Examples beyond it."""

    @property
    def equal(self) -> bool:
        """Whether there are too few callers for the share: then all of them teach equally much."""
        return self.callers * self.share < 1


def cap(brought: Mapping[str, int], share: float) -> Cap:
    """Of how many examples each caller brought.

    >>> cap({"a": 900, "b": 60, "c": 40}, 0.5)
    Cap(share=0.5, callers=3, level=100, left_out=800)
    """
    most = level(brought.values(), share)
    return Cap(share, len(brought), most, sum(max(0, n - most) for n in brought.values()))


def level(brought: Collection[int], share: float) -> int:
    """The most examples that one caller may teach so that none teaches more than this share of what all teach.

    Where each teaches at most c, all teach sum(min(n, c)) together, and the greatest part of it, c / sum(min(n, c)),
    only grows with c: the answer is the largest c at which it is not above the share. One of k callers teaches 1/k at
    the least, so a share below that means equal parts, and a single caller is not capped.

    >>> level([900, 60, 40], 0.5), level([900, 60], 0.3), level([900], 0.5)
    (100, 60, 900)
    """

    def fair(most: int) -> bool:
        taught = sum(min(n, most) for n in brought)
        return most <= share * taught + SLACK or most * len(brought) <= taught

    return _largest(max(brought, default=0), fair)


def fitting(brought: Collection[int], places: int) -> int:
    """The most examples that one caller may teach where there is room for so many of all.

    >>> fitting([900, 60, 40], 200), fitting([900, 60, 40], 2)
    (100, 0)
    """
    return _largest(max(brought, default=0), lambda most: sum(min(n, most) for n in brought) <= places)


def capped(examples: Sequence[ExampleRow], share: float) -> list[ExampleRow]:
    """Without those that are too many for the share. What people said has no caller and always stays."""
    return list(examples) if share >= 1 else _newest(examples, level(_brought(examples).values(), share))


def windowed(examples: Sequence[ExampleRow], places: int) -> list[ExampleRow]:
    """So many of them at most, the callers with most giving way first: the latest of all may be one caller's."""
    brought = _brought(examples)
    said = len(examples) - brought.total()
    most = max(1, fitting(brought.values(), places - said))
    return _newest(examples, most)[-places:]


def _newest(examples: Iterable[ExampleRow], most: int) -> list[ExampleRow]:
    """So many of each caller, in the same order."""
    seen: Counter[str] = Counter()
    kept = []
    for example in reversed([*examples]):
        if example.caller is not None:
            seen[example.caller] += 1
        if example.caller is None or seen[example.caller] <= most:
            kept.append(example)
    return kept[::-1]


def _brought(examples: Iterable[ExampleRow]) -> Counter[str]:
    return Counter(example.caller for example in examples if example.caller is not None)


def _largest(top: int, holds: Callable[[int], bool]) -> int:
    """The largest of 1..top that holds, where whatever is smaller holds, too; 0 where none does."""
    return bisect_left(range(1, top + 1), True, key=lambda n: not holds(n))  # noqa: FBT003 - what is looked for
