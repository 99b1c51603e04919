"""The range of the best possible agreement, against teachers whose every probability is known."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.gating.ceiling import SelfAgreement, best_agreement

LABELS = 4
MASSES = st.lists(st.integers(1, 20), min_size=LABELS, max_size=LABELS)


def shares(masses: list[int]) -> list[float]:
    return [mass / sum(masses) for mass in masses]


@given(st.lists(MASSES, min_size=1, max_size=30))
def test_the_commonest_answer_lies_between_self_agreement_and_what_follows_from_it(teacher: list[list[int]]) -> None:
    inputs = [shares(masses) for masses in teacher]
    twice = sum(sum(p * p for p in own) for own in inputs) / len(inputs)
    best = sum(max(own) for own in inputs) / len(inputs)
    assert twice - 1e-9 <= best <= best_agreement(twice, LABELS) + 1e-9


def test_both_ends_are_reached() -> None:
    assert best_agreement(0.7**2 + 3 * 0.1**2, 4) == pytest.approx(0.7)
    assert math.isclose(0.8 * 1.0 + 0.2 * 0.5, 0.9), "a fifth of the inputs a coin's toss: best = self-agreement"
    assert best_agreement(0.1, 4) == 0.25, "less than guessing at random is luck"
    assert best_agreement(0.0, 1) == 1.0


@given(st.floats(0.3, 1.0), st.integers(1, 400), st.integers(2, 50))
def test_the_range_is_ordered_and_the_nearest_target_is_not_ruled_out(share: float, inputs: int, classes: int) -> None:
    known = SelfAgreement(share, inputs, 0, classes)
    low, high = known.between
    assert low <= share + 1e-9
    assert known.best <= known.at_most + 1e-9
    assert best_agreement(high, classes) == known.at_most
    assert not known.rules_out(known.nearest_target)
    assert known.rules_out(known.nearest_target + 0.01) or known.nearest_target == 0.99


def test_a_target_is_ruled_out_by_the_upper_end_and_doubted_by_the_estimate() -> None:
    few, many = SelfAgreement(0.85, 30, 4, 3), SelfAgreement(0.85, 3_000, 400, 3)
    assert (few.doubts(0.95), few.rules_out(0.95)) == (True, False)
    assert (many.doubts(0.95), many.rules_out(0.95)) == (True, True)
    assert not many.doubts(0.85), "a student that says the commonest answer may well agree on 85 %"
