"""What the students so far say about those to come: how much of its calls a task will cover at the target, and when.

Puts into words what `gating.learning` reckons; knows students and the task's pace, no tables.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shadowbert.domain.records import StudentRow
from shadowbert.gating.learning import LEAST_COVERAGE, LEAST_POINTS, Learning, Point, Range, learning
from shadowbert.gating.wording import duration, percent

COVERAGE, TARGET = "coverage", "target"
"""Scores of a student: the share of held-out rows in the slice proposed for it, 0 where none was, and the target."""
GOALS = (0.6, 0.8, 0.9)
AHEAD = 4
"""Times the latest student's examples to which the curve is drawn."""
DRAWN = 12


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast examples come: all calls a new example, and calls a day; None while unknown."""

    calls_per_example: float = 1.0
    calls_per_day: float | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    words: str
    points: tuple[Point, ...] = ()
    band: tuple[tuple[int, Range], ...] = ()
    """Examples, and what a student with so many is reckoned to cover."""
    goal: float | None = None
    examples: Range | None = None
    """Of the first student that covers the goal; infinite where none is in sight."""


NO_OUTLOOK = Outlook("")


def outlook(students: Sequence[StudentRow], target: float, *, examples: int, due: int, pace: Pace) -> Outlook:
    """`examples` there are now; the next student comes at `due`, and none can cover anything before."""
    points = points_of(students, target)
    at_target = f"at {percent(target)} agreement"
    if len(points) < LEAST_POINTS:
        return Outlook(f"two students are needed for an estimate, there {_are(len(points))}", points)
    if max(point.coverage for point in points) < LEAST_COVERAGE:
        return Outlook(f"no student so far was expected to cover even 5 % of calls {at_target}: no estimate", points)
    curve = learning(points)
    band = tuple((n, curve.coverage(n)) for n in _sizes(points))
    goal = next((goal for goal in GOALS if goal > points[-1].coverage), None)
    if goal is None:
        return Outlook(f"the latest student is expected to cover {percent(points[-1].coverage)}", points, band)
    reached = _not_before(curve.reaches(goal), max(examples, due))
    words = _promise(reached, examples, pace) or _refusal(curve, points[-1])
    return Outlook(f"{percent(goal)} of calls {at_target} {words}", points, band, goal, reached)


def points_of(students: Sequence[StudentRow], target: float) -> tuple[Point, ...]:
    """Those that were judged by this target, oldest first."""
    judged: list[tuple[int, Mapping[str, float]]] = [(student.examples, student.scores) for student in students]
    return tuple(Point(n, scores[COVERAGE]) for n, scores in judged if scores.get(TARGET) == target)


def _promise(reached: Range, examples: int, pace: Pace) -> str:
    """Empty where not even the luckiest curve gets there."""
    low, middle, high = ((n - examples) * pace.calls_per_example for n in (reached.low, reached.middle, reached.high))
    if math.isinf(low):
        return ""
    if math.isinf(middle):
        return f"after {_round(low)} more calls at best{_days(low, pace)}, and perhaps never with this encoder"
    upper = "or many more" if math.isinf(high) else f"to {_round(high)}"
    return f"after about {_round(middle)} more calls ({_round(low)} {upper}){_days(middle, pace)}"


def _refusal(curve: Learning, latest: Point) -> str:
    far = curve.coverage(AHEAD * latest.examples)
    few = f"{percent(far.low)} to {percent(far.high)}"
    return f"will not be covered with this encoder: {few} with {AHEAD} times the examples"


def _days(calls: float, pace: Pace) -> str:
    return f", in {duration(calls / pace.calls_per_day)} at the present rate" if pace.calls_per_day else ""


def _not_before(reached: Range, due: int) -> Range:
    return Range(*(max(float(due), n) for n in (reached.low, reached.middle, reached.high)))


def _round(number: float) -> str:
    """Two digits: nobody knows more.

    >>> _round(1873.0), _round(84.0), _round(0.0), _round(123_456.0)
    ('1,900', '84', '0', '120,000')
    """
    digits = max(0, len(str(int(number))) - 2)
    return f"{round(number / 10**digits) * 10**digits:,}"


def _are(number: int) -> str:
    return "is one" if number == 1 else "is none"


def _sizes(points: Sequence[Point]) -> list[int]:
    """From the first student to AHEAD of the latest, evenly in the logarithm."""
    first, last = points[0].examples, AHEAD * points[-1].examples
    return [round(first * (last / first) ** (k / (DRAWN - 1))) for k in range(DRAWN)]
