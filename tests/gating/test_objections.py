from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.evidence import Counts, Move, Ruling
from shadowbert.domain.task import Policy
from shadowbert.gating.objections import (
    OBJECTIONS,
    ShadowEvidence,
    failing_rows,
    few_hours,
    little_beyond_chance,
    no_lift,
    numbers,
    shown_bad,
    target_unproven,
    weakest,
)

POLICY = Policy()


def evidence(agree: int, disagree: int, **changes: object) -> ShadowEvidence:
    """Two labels in equal parts, the disagreements spread over both."""
    confusion = {
        ("a", "a"): agree - agree // 2,
        ("b", "b"): agree // 2,
        ("b", "a"): disagree - disagree // 2,
        ("a", "b"): disagree // 2,
    }
    counts = Counts(agree, disagree)
    made = ShadowEvidence(distinct=counts, calls=counts, candidate=1, eligible=2 * counts.rows, confusion=confusion)
    return replace(made, **changes)


def test_good_evidence_meets_no_objection() -> None:
    assert [objection(evidence(490, 5), POLICY) for objection in OBJECTIONS] == [None] * len(OBJECTIONS)


@pytest.mark.parametrize(("failures", "objects"), [(0, False), (50, False), (51, True)])
def test_failures_above_five_per_cent_of_eligible_rows_say_nothing(failures: int, objects: bool) -> None:
    verdict = failing_rows(evidence(490, 5, eligible=1000, failures=failures), POLICY)
    assert (verdict is not None) is objects
    if verdict:
        assert verdict.ruling is Ruling.INCONCLUSIVE
        assert "51 of 1000" in verdict.reason


def test_a_candidate_shown_below_the_target_fails() -> None:
    verdict = shown_bad(evidence(160, 40), POLICY)
    assert verdict is not None
    assert (verdict.ruling, verdict.move) == (Ruling.FAIL, Move.HOLD)
    assert verdict.missing == "another student"


@given(agree=st.integers(0, 400), disagree=st.integers(0, 60))
def test_no_evidence_is_both_shown_bad_and_proven(agree: int, disagree: int) -> None:
    made = evidence(agree, disagree)
    assert shown_bad(made, POLICY) is None or target_unproven(made, POLICY) is not None


def test_missing_rows_are_named_in_words() -> None:
    verdict = target_unproven(evidence(100, 0, candidate=4, rows_per_day=30.0), POLICY)
    assert verdict is not None
    assert verdict.missing == "about 39 more agreeing calls (about 2 days)"
    assert "100 of 100 agree (100 %), lower bound 93.1 %" in verdict.reason


def test_the_minimum_of_rows_binds_where_the_test_would_pass_sooner() -> None:
    verdict = target_unproven(evidence(95, 0), POLICY)
    assert verdict is not None
    assert verdict.missing == "about 5 more agreeing calls"
    assert target_unproven(evidence(95, 0), replace(POLICY, min_rows=50)) is None
    slow = target_unproven(evidence(95, 0, rows_per_day=1.0), POLICY)
    assert slow is not None
    assert slow.missing == "about 5 more agreeing calls (about 5 days)"


def test_a_present_agreement_at_the_target_is_said_to_lead_nowhere() -> None:
    verdict = target_unproven(evidence(95, 5), POLICY)
    assert verdict is not None
    assert verdict.missing.endswith("at the present agreement it would never pass")


def test_before_the_first_row_the_whole_way_is_missing() -> None:
    verdict = target_unproven(evidence(0, 0), POLICY)
    assert verdict is not None
    assert verdict.missing == "about 100 more agreeing calls"
    assert "no rows yet" in verdict.reason


@given(agree=st.integers(0, 300), disagree=st.integers(0, 30), candidate=st.integers(1, 20))
def test_a_later_candidate_is_never_judged_more_mildly(agree: int, disagree: int, candidate: int) -> None:
    first, later = (evidence(agree, disagree, candidate=j) for j in (candidate, candidate + 1))
    assert target_unproven(first, POLICY) is None or target_unproven(later, POLICY) is not None


def test_always_saying_the_commonest_label_is_no_skill() -> None:
    confusion = {("other", "other"): 980, ("other", "fraud"): 12, ("other", "theft"): 8}
    verdict = no_lift(evidence(980, 20, confusion=confusion), POLICY)
    assert verdict is not None
    assert 'Where the LLM does not say "other"' in verdict.reason
    assert "0 of 20 agree" in verdict.reason


def test_lift_needs_rows_beyond_the_majority_and_says_how_many() -> None:
    verdict = no_lift(evidence(200, 0, confusion={("ham", "ham"): 195, ("spam", "spam"): 5}), POLICY)
    assert verdict is not None
    assert verdict.missing == 'about 4 more agreeing calls with another label than "ham"'
    assert no_lift(evidence(209, 0, confusion={("ham", "ham"): 200, ("spam", "spam"): 9}), POLICY) is None


@pytest.mark.parametrize(
    ("confusion", "text"),
    [
        ({("a", "a"): 900, ("a", "b"): 30, ("b", "a"): 30, ("b", "b"): 20}, "kappa 0.37"),
        ({("a", "a"): 900}, "kappa unknown"),
    ],
)
def test_agreement_close_to_chance_blocks(confusion: dict[tuple[str, str], int], text: str) -> None:
    verdict = little_beyond_chance(evidence(920, 60, confusion=confusion), POLICY)
    assert verdict is not None
    assert text in verdict.reason


def test_numbers_leave_out_what_is_unknown() -> None:
    known = numbers(evidence(490, 5, candidate=2), POLICY)
    assert known["alpha"] == pytest.approx(0.05 / 6)
    assert known["log_e"] > known["log_e_needed"]
    assert 0.95 < known["lower_bound"] < 490 / 495
    assert "kappa" in known
    assert {"kappa", "calls_share"}.isdisjoint(numbers(evidence(0, 0), POLICY))


@pytest.mark.parametrize(("came", "asked", "objects"), [(0, 0, False), (5, 0, False), (5, 6, True), (6, 6, False)])
def test_hours_of_the_day_are_waited_for_only_where_asked_for(came: int, asked: int, objects: bool) -> None:
    verdict = few_hours(evidence(490, 5, hours=came), replace(POLICY, min_hours=asked))
    assert (verdict is not None) is objects
    if verdict:
        assert (verdict.ruling, verdict.move) == (Ruling.INCONCLUSIVE, Move.HOLD)
        assert verdict.reason == "The calls that count came in 5 different hours of the day; 6 are asked for."
        assert verdict.missing == "calls in 1 other hour of the day"


def test_the_weakest_label_is_named_where_one_is_below_the_target() -> None:
    labels = {"topic=card": Counts(90, 3), "topic=loan": Counts(0, 1), "topic=fees": Counts(28, 12)}
    verdict = target_unproven(replace(evidence(118, 16), labels=labels), POLICY)
    assert verdict is not None
    assert verdict.reason.endswith(" The weakest label is topic=fees: 28 of 40 agree (70 %).")
    bad = shown_bad(replace(evidence(400, 100), labels=labels), POLICY)
    assert bad is not None
    assert bad.reason.endswith(" The weakest label is topic=fees: 28 of 40 agree (70 %).")


@pytest.mark.parametrize("labels", [{}, {"topic=card": Counts(9, 1)}, {"a": Counts(99, 1), "b": Counts(50, 0)}])
def test_no_label_is_blamed_that_is_alone_or_as_good_as_the_target(labels: dict[str, Counts]) -> None:
    assert weakest(replace(evidence(60, 1), labels=labels), POLICY) == ""
