"""`python -m tests.bench.students.curves [stream ...]`: does the learning curve's range hold what came later?

Students at every doubling and half-way between, in stream order. From the second doubling on the curve is asked when
each goal is reached; the truth is where the coverage of all of them, made monotone, reaches it.
"""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shadowbert.gating.learning import Point, learning
from shadowbert.gating.threshold import propose
from tests.bench.data import ABSENT, DATA
from tests.bench.students import table
from tests.bench.students.learners import RECIPES, Lesson, Product
from tests.bench.students.rows import CASES, Task, examples, read

FIRST, LAST = 200, 6_400
GOALS = (0.2, 0.4, 0.6, 0.8, 0.9)
TARGETS = (0.9, 0.95)
NEAR = 1e-9


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to the curve: how many students it knew, its range, and the truth; infinite where never."""

    students: int
    goal: float
    low: float
    high: float
    truth: float
    end: int
    """The largest student there was: beyond it nobody knows."""

    @property
    def reached(self) -> bool:
        return math.isfinite(self.truth)

    @property
    def held(self) -> bool:
        return self.low <= self.truth * (1 + NEAR) and self.truth <= self.high if self.reached else self.high > self.end


def sizes(rows: int) -> list[int]:
    """
    >>> sizes(900)
    [200, 283, 400, 566, 800]
    """
    found = [round(FIRST * 2 ** (step / 2)) for step in range(round(2 * math.log2(LAST / FIRST)) + 1)]
    return [size for size in found if size <= rows]


def questions(points: Sequence[Point]) -> list[Asked]:
    """Of students at doublings and half-way between; those at doublings are what the product would know."""
    known, end, asked = points[::2], points[-1].examples, []
    for count in range(2, len(known) + 1):
        now = known[count - 1]
        if now.examples == end:
            break
        curve = learning(tuple(known[:count]))
        for goal in GOALS:
            if now.coverage < goal:
                said, truth = curve.reaches(goal), max(now.examples, reached(points, goal))
                asked.append(Asked(count, goal, max(now.examples, said.low), said.high, truth, end))
    return asked


def reached(points: Sequence[Point], goal: float) -> float:
    """Examples at which the coverage, made monotone, meets the goal; between two sizes evenly in the logarithm.

    >>> reached([Point(200, 0.2), Point(400, 0.4), Point(800, 0.6)], 0.5)
    565.685424949238
    >>> reached([Point(200, 0.2), Point(400, 0.6), Point(800, 0.4)], 0.55)
    inf
    """
    level = monotone([point.coverage for point in points])
    for k, (point, share) in enumerate(zip(points, level, strict=True)):
        if share >= goal:
            if k == 0:
                return float(point.examples)
            before, part = points[k - 1].examples, (goal - level[k - 1]) / (share - level[k - 1])
            return float(before * (point.examples / before) ** part)
    return math.inf


def monotone(values: Sequence[float]) -> list[float]:
    """The nearest values that never fall: neighbours that do are pooled (Barlow et al. 1972).

    >>> monotone([0.1, 0.4, 0.2, 0.5])
    [0.1, 0.30000000000000004, 0.30000000000000004, 0.5]
    """
    pools: list[list[float]] = []
    for value in values:
        pools.append([value])
        while len(pools) > 1 and _mean(pools[-2]) > _mean(pools[-1]):
            last = pools.pop()
            pools[-1] += last
    return [_mean(pool) for pool in pools for _ in pool]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def students(task: Task) -> Mapping[float, list[Point]]:
    """By target: what the product's first recipe would be expected to cover at each size."""
    points: dict[float, list[Point]] = {target: [] for target in TARGETS}
    rows = examples(task.rows)
    for size in sizes(len(rows)):
        lesson = Lesson(task.contract, rows[:size], [], 0, judged=True)
        own = Product(RECIPES[0]).learn(lesson).own
        for target in TARGETS:
            proposal = propose(own, target)
            points[target].append(Point(size, proposal.expected_coverage if proposal else 0.0))
        table.progress(f"{task.case.name}: {size} examples")
    return points


def main(names: Sequence[str]) -> int:
    if not DATA.is_dir():
        table.note(ABSENT)
        return 0
    shown = table.Table(
        "Goals of 20 to 90 % of calls, asked at each doubling: how often the range held the truth.",
        ("stream", "target", "coverage at doublings", "reached", "held", "not reached", "held"),
    )
    every: list[Asked] = []
    for case in CASES:
        if names and case.name not in names:
            continue
        for target, points in students(read(case)).items():
            asked = questions(points)
            shares = " ".join(f"{point.coverage:.2f}" for point in points[::2])
            shown.row([case.name, f"{target:.0%}", shares, *_counts(asked)])
            every += asked
    shown.row(["all", "", "", *_counts(every)])
    return 0


def _counts(asked: Sequence[Asked]) -> list[str]:
    parts = [[one for one in asked if one.reached is known] for known in (True, False)]
    return [str(number) for part in parts for number in (len(part), sum(one.held for one in part))]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
