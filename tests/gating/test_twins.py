"""What the simulations run is what the product decides."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shadowbert.domain.evidence import Counts, Move
from shadowbert.domain.task import Policy
from shadowbert.gating.drift import ALARM_AT, DriftDetector
from shadowbert.gating.eprocess import alpha_share, passes
from shadowbert.gating.gate import judge_shadow
from shadowbert.gating.objections import ShadowEvidence, target_unproven
from tests.gating.twins import Detectors, boundary, candidates_boundary, first_pass, passing, promoted_at

ROWS = 200
LABELS = "abc"
targets, numbers = st.sampled_from([0.6, 0.8, 0.9]), st.integers(1, 3)


@given(
    target=st.sampled_from([0.9, 0.95, 0.98]),
    number=st.integers(1, 5),
    agree=st.integers(0, 2000),
    disagree=st.integers(0, 80),
)
def test_the_boundary_is_the_promotion_test(target: float, number: int, agree: int, disagree: int) -> None:
    alpha = alpha_share(number, 0.05)
    needed = boundary(target, alpha, 2080)
    says = bool(passing(np.array(agree), np.array(disagree), needed))
    assert says == passes(Counts(agree, disagree), target, alpha=alpha)


def seen(said: list[int], told: list[int], number: int) -> ShadowEvidence:
    pairs = Counter((LABELS[s], LABELS[t]) for s, t in zip(said, told, strict=True))
    agree = sum(s == t for s, t in zip(said, told, strict=True))
    counts = Counts(agree, len(said) - agree)
    return ShadowEvidence(distinct=counts, calls=counts, candidate=number, eligible=len(said), confusion=pairs)


@settings(max_examples=30)
@given(rows=st.lists(st.booleans() | st.just(value=True), min_size=1, max_size=ROWS), target=targets, number=numbers)
def test_the_first_pass_is_the_first_row_without_an_objection_to_the_target(
    rows: list[bool], target: float, number: int
) -> None:
    policy = Policy(target=target, min_rows=20)
    first = first_pass(np.array([rows], dtype=bool), candidates_boundary(policy, number, ROWS))[0]
    for n in range(1, len(rows) + 1):
        agree = sum(rows[:n])
        evidence = ShadowEvidence(Counts(agree, n - agree), Counts(), candidate=number, eligible=n)
        if target_unproven(evidence, policy) is None:
            assert first == n
            return
    assert first == len(rows) + 1


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Drawn by the dozen, for a gate needs rows: the teacher's label and what a student of some habit makes of it."""
    said, told = [], []
    for _ in range(draw(st.integers(1, 6))):
        s, t, times = draw(st.integers(0, 2)), draw(st.integers(0, 2)), draw(st.integers(1, 30))
        agrees = draw(st.booleans()) or draw(st.booleans())
        said, told = said + [t if agrees else s] * times, told + [t] * times
    return said, told


@settings(max_examples=40)
@given(stream=streams(), target=targets, number=numbers)
def test_the_gate_promotes_at_the_same_row(stream: tuple[list[int], list[int]], target: float, number: int) -> None:
    said, told = stream
    policy = Policy(target=target, min_rows=20)
    first = promoted_at(np.array(said), np.array(told), policy, number)

    def promotes(said: list[int], told: list[int]) -> bool:
        return judge_shadow(seen(said, told, number), policy).move is Move.PROMOTE

    before = range(1, (first or len(said) + 1), 1 + len(said) // 10)
    assert not [n for n in before if promotes(said[:n], told[:n])]
    assert first is None or promotes(said[:first], told[:first])


@given(rows=st.lists(st.booleans() | st.just(value=True), max_size=200), line=st.sampled_from([0.88, 0.93, 0.96]))
def test_the_detectors_are_the_detector(rows: list[bool], line: float) -> None:
    many, one = Detectors(line, 2), DriftDetector(line)
    for agreed in rows:
        many.update(np.array([agreed, not agreed]))
        one.update(agreed)
        assert many.value[0] == one.value or np.isclose(many.value[0], one.value, rtol=1e-12)
        assert bool(many.alarm[0]) == one.alarm or np.isclose(one.value, ALARM_AT)
        assert bool(many.suspicious[0]) == one.suspicious
