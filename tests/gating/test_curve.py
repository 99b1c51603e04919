import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.gating.curve import Curve, fit

rows = st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=80)


def test_no_rows_leave_the_confidence_as_it_is() -> None:
    assert fit([]) == Curve()
    assert Curve().at(0.83) == pytest.approx(0.83)


@given(rows=rows, at=st.floats(0, 1))
def test_the_curve_stays_a_probability_inside_the_unit_interval(rows: list[tuple[float, bool]], at: float) -> None:
    assert 0 < fit(rows).at(at) < 1


@given(rows=rows)
def test_no_nearby_curve_is_likelier(rows: list[tuple[float, bool]]) -> None:
    def loss(offset: float, slope: float) -> float:
        curve = Curve(offset, slope)
        chances = [curve.at(confidence) for confidence, _ in rows]
        misfit = -sum(math.log(p if agreed else 1 - p) for p, (_, agreed) in zip(chances, rows, strict=True))
        return misfit + (offset**2 + (slope - 1) ** 2) / 2

    found = fit(rows)
    here = loss(found.offset, found.slope)
    for offset, slope in ((0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01)):
        assert here <= loss(found.offset + offset, found.slope + slope) + 1e-9


@given(rows=rows, at=st.floats(0, 1))
def test_more_agreement_lifts_the_curve_where_it_came(rows: list[tuple[float, bool]], at: float) -> None:
    assert fit([*rows, (at, True)]).at(at) >= fit(rows).at(at) - 1e-6


def test_an_overconfident_student_is_seen_through() -> None:
    rng = random.Random(5)
    confidences = [rng.betavariate(8, 0.8) for _ in range(4000)]
    curve = fit([(c, rng.random() < c**1.5) for c in confidences])
    assert curve.at(0.9) == pytest.approx(0.9**1.5, abs=0.03)
    assert curve.at(0.7) == pytest.approx(0.7**1.5, abs=0.05)


def test_rows_that_all_agree_do_not_run_away() -> None:
    assert fit([(0.99, True)] * 500).at(0.99) < 0.9999
