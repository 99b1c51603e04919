"""When students are due."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shadowbert.gating.cadence import LEAST_GAIN, Grown, doublings, next_size, size_after_fall, stalled

SIZES = st.integers(1, 50_000)
STUDENTS = st.lists(st.builds(Grown, SIZES, st.floats(0, 1)), max_size=12)


@given(SIZES, st.integers(0, 50_000))
def test_the_next_size_doubles_and_a_fall_asks_for_less(first: int, last: int) -> None:
    assert next_size(first, last) >= max(first, 2 * last)
    assert last + 50 <= size_after_fall(last) <= max(last + 50, 1.1 * last + 1)


@given(STUDENTS)
def test_doublings_are_about_twice_as_large_each(students: list[Grown]) -> None:
    chain = doublings(students)
    assert chain[:1] == students[:1]
    assert all(b.examples >= 1.8 * a.examples for a, b in pairwise(chain))


@given(STUDENTS)
def test_it_stalls_only_after_two_doublings_that_both_gained_little(students: list[Grown]) -> None:
    gains = stalled(students)
    if gains is None:
        return
    first, second, third = doublings(students)[-3:]
    assert second.agreement - first.agreement < LEAST_GAIN + 1e-6
    assert third.agreement - second.agreement < LEAST_GAIN + 1e-6


def test_half_a_point_is_a_gain() -> None:
    assert stalled([Grown(200, 0.90), Grown(400, 0.905), Grown(800, 0.905)]) is None
    assert stalled([Grown(200, 0.90), Grown(400, 0.904), Grown(800, 0.90)]) == (0.004, -0.004)


def test_students_in_between_do_not_count() -> None:
    between = [Grown(200, 0.80), Grown(250, 0.80), Grown(300, 0.80), Grown(400, 0.80), Grown(500, 0.80)]
    assert stalled(between) is None
    assert stalled([*between, Grown(800, 0.80)]) == (0.0, 0.0)
