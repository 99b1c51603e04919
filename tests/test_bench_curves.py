"""The pure parts of the back-test of learning curves."""

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shadowbert.gating.learning import Point
from tests.bench.students.curves import Asked, monotone, questions, reached, sizes


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_what_is_made_monotone_never_falls_and_keeps_its_sum(values: list[float]) -> None:
    made = monotone(values)
    assert all(b >= a - 1e-12 for a, b in pairwise(made))
    assert math.isclose(sum(made), sum(values), abs_tol=1e-9)
    assert monotone(sorted(values)) == sorted(values)


def test_sizes_are_doublings_with_one_between() -> None:
    assert sizes(10_000)[::2] == [200, 400, 800, 1600, 3200, 6400]
    assert sizes(199) == []


def test_a_goal_is_met_between_two_sizes_or_never() -> None:
    points = [Point(200, 0.1), Point(400, 0.3)]
    assert reached(points, 0.1) == 200
    assert 200 < reached(points, 0.2) < 400
    assert reached(points, 0.31) == math.inf


def test_ranges_are_judged_against_what_came_later() -> None:
    grown = [Point(n, 0.9 * (1 - (100 / n) ** 0.5)) for n in sizes(6_400)]
    asked = questions(grown)
    assert {one.students for one in asked} == {2, 3, 4, 5}
    assert all(one.held for one in asked), "the true curve is one of those that are weighed"
    assert {one.goal for one in asked if not one.reached} == {0.8, 0.9}


def test_what_is_not_reached_speaks_only_against_an_early_promise() -> None:
    assert Asked(2, 0.6, 500, 900, math.inf, 800).held
    assert not Asked(2, 0.6, 500, 700, math.inf, 800).held
    assert not Asked(2, 0.6, 500, 700, 450, 800).held
    assert Asked(2, 0.6, 500, 700, 600, 800).held
