"""The learning curve: honest ranges in the right order, and what the points say."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.gating.learning import FAR, Learning, Point, Range

POINTS = st.lists(st.builds(Point, st.integers(50, 50_000), st.floats(0, 1)), min_size=2, max_size=7)


def on_curve(*sizes: int, ceiling: float, start: float, power: float) -> list[Point]:
    return [Point(n, ceiling * (1 - (start / n) ** power)) for n in sizes]


def ordered(found: Range) -> bool:
    return found.low <= found.middle <= found.high


@given(POINTS, st.floats(0.05, 0.95), st.integers(50, 1_000_000))
def test_ranges_are_in_order_and_possible(points: list[Point], goal: float, examples: int) -> None:
    curve = Learning(points)
    share, at = curve.coverage(examples), curve.reaches(goal)
    assert ordered(share)
    assert ordered(at)
    assert share.low >= 0
    assert share.high <= 1
    latest = max(point.examples for point in points)
    assert all(math.isinf(n) or 10 <= n <= FAR * latest for n in (at.low, at.middle, at.high))


@given(POINTS, st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_more_takes_longer_and_longer_gives_more(points: list[Point], one: float, other: float) -> None:
    curve, (less, more) = Learning(points), sorted((one, other))
    for few, many in zip(_all(curve.reaches(less)), _all(curve.reaches(more)), strict=True):
        assert few <= many
    for few, many in zip(_all(curve.coverage(400)), _all(curve.coverage(800)), strict=True):
        assert few <= many


def _all(found: Range) -> tuple[float, float, float]:
    return found.low, found.middle, found.high


@given(st.permutations(on_curve(200, 400, 800, 1600, ceiling=0.9, start=100, power=0.5)))
def test_the_order_of_the_points_is_nothing(points: list[Point]) -> None:
    base = Learning(on_curve(200, 400, 800, 1600, ceiling=0.9, start=100, power=0.5))
    assert _all(Learning(points).reaches(0.8)) == pytest.approx(_all(base.reaches(0.8)))


@pytest.mark.parametrize("power", [0.4, 0.7, 1.0])
@pytest.mark.parametrize("start", [60.0, 150.0])
def test_the_true_curve_is_within_the_range(start: float, power: float) -> None:
    sizes = (200, 400, 800, 1600)
    curve = Learning(on_curve(*sizes, ceiling=0.95, start=start, power=power))
    (later,) = on_curve(6400, ceiling=0.95, start=start, power=power)
    found = curve.coverage(6400)
    assert found.low <= later.coverage <= found.high
    at = curve.reaches(later.coverage)
    assert at.low <= 6400 <= at.high


def test_more_students_narrow_the_range() -> None:
    sizes = (200, 400, 800, 1600, 3200, 6400)
    points = on_curve(*sizes, ceiling=0.9, start=120, power=0.6)
    widths = [(found := Learning(points[:k]).coverage(12_800)).high - found.low for k in (2, 4, 6)]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.2


def test_a_flat_curve_gets_nowhere() -> None:
    flat = Learning([Point(n, 0.4) for n in (400, 800, 1600, 3200, 6400)])
    assert math.isinf(flat.reaches(0.8).low)
    assert flat.coverage(50_000).high < 0.6
