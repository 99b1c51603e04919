"""What a comparison may claim."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.flow.carryover import DELTA, UNMOVED, Comparison, least


def unmoved(shares: list[float]) -> list[float]:
    """The chance of each number of labels that did not move, where input i has not moved with the i-th share."""
    chances = [1.0]
    for share in shares:
        stays = [chance * share for chance in chances]
        moves = [chance * (1 - share) for chance in chances]
        chances = [a + b for a, b in zip([*moves, 0.0], [0.0, *stays], strict=True)]
    return chances


@given(st.lists(st.sampled_from([0.5, 0.8, 0.9, 0.99, 1.0]), min_size=30, max_size=120))
def test_too_much_is_claimed_with_a_chance_of_five_percent_at_most(shares: list[float]) -> None:
    """Exactly, whatever the labels' own shares are: the bound is above their mean that seldom."""
    mean, rows = sum(shares) / len(shares), len(shares)
    too_much = [p for equal, p in enumerate(unmoved(shares)) if Comparison(equal, rows).bound > mean]
    assert math.fsum(too_much) <= DELTA + 1e-12


@pytest.mark.parametrize(
    ("equal", "rows", "passed"), [(29, 29, True), (28, 28, False), (95, 100, False), (96, 100, True), (0, 0, False)]
)
def test_a_tenth_may_have_moved_and_that_must_be_shown(equal: int, rows: int, passed: bool) -> None:
    assert Comparison(equal, rows).passed is passed


def test_the_least_number_is_the_least() -> None:
    assert Comparison(least(), least()).bound >= UNMOVED > Comparison(least() - 1, least() - 1).bound
