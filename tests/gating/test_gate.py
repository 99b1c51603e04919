import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.evidence import Move, Ruling
from shadowbert.domain.task import CANARY_SHARES, Policy, Stage
from shadowbert.gating.drift import ALARM_AT, replay, tau_down
from shadowbert.gating.gate import (
    MIN_AUDITS,
    WATCHED_AUDITS,
    CanaryEvidence,
    LiveEvidence,
    judge_canary,
    judge_live,
    judge_shadow,
    supported,
)
from shadowbert.gating.objections import ShadowEvidence
from tests.gating.test_objections import evidence

POLICY = Policy()
QUIET = 0.5


def test_enough_good_evidence_promotes_to_the_first_canary_step() -> None:
    verdict = judge_shadow(evidence(490, 5), POLICY)
    assert (verdict.ruling, verdict.move) == (Ruling.PASS, Move.PROMOTE)
    assert (verdict.stage, verdict.share) == (Stage.CANARY, CANARY_SHARES[0])
    assert "490 of 495 agree" in verdict.reason
    assert verdict.missing == ""


@pytest.mark.parametrize(
    ("made", "ruling", "words"),
    [
        (evidence(490, 5, eligible=600, failures=40), Ruling.INCONCLUSIVE, "no answer to compare with"),
        (evidence(100, 40, eligible=150, failures=10), Ruling.INCONCLUSIVE, "no answer to compare with"),
        (evidence(100, 40), Ruling.FAIL, "below 95 %"),
        (evidence(60, 0), Ruling.INCONCLUSIVE, "Not yet shown"),
        (evidence(490, 5, confusion={("a", "a"): 490, ("a", "b"): 5}), Ruling.INCONCLUSIVE, 'does not say "a"'),
    ],
    ids=["failures", "failures come first", "bad", "too early", "no lift"],
)
def test_the_first_objection_decides(made: ShadowEvidence, ruling: Ruling, words: str) -> None:
    verdict = judge_shadow(made, POLICY)
    assert (verdict.ruling, verdict.move, verdict.stage) == (ruling, Move.HOLD, None)
    assert words in verdict.reason
    assert verdict.missing


@given(agree=st.integers(0, 600), disagree=st.integers(0, 40))
def test_more_agreement_never_takes_a_promotion_back(agree: int, disagree: int) -> None:
    """Labels in equal parts, so that only the agreement changes."""
    if judge_shadow(evidence(agree, disagree), POLICY).move is Move.PROMOTE:
        assert judge_shadow(evidence(agree + 2, disagree), POLICY).move is Move.PROMOTE


@given(agree=st.integers(0, 600), disagree=st.integers(0, 60))
def test_shadow_never_demotes(agree: int, disagree: int) -> None:
    assert judge_shadow(evidence(agree, disagree), POLICY).move in (Move.PROMOTE, Move.HOLD)


@pytest.mark.parametrize(
    ("share", "following", "stage"), [(0.05, 0.25, Stage.CANARY), (0.25, 1.0, Stage.LIVE), (0.5, 1.0, Stage.LIVE)]
)
def test_fifty_quiet_rows_make_one_canary_step(share: float, following: float, stage: Stage) -> None:
    verdict = judge_canary(CanaryEvidence(share, uniform_rows=50, detector=QUIET), POLICY)
    assert (verdict.move, verdict.stage, verdict.share) == (Move.PROMOTE, stage, following)


def test_a_canary_waits_for_its_rows() -> None:
    verdict = judge_canary(CanaryEvidence(0.05, uniform_rows=49, detector=QUIET), POLICY)
    assert (verdict.ruling, verdict.move, verdict.stage) == (Ruling.INCONCLUSIVE, Move.HOLD, None)
    assert verdict.missing == "1 more checked call"


@given(share=st.sampled_from(CANARY_SHARES), rows=st.integers(0, 1000), agree=st.booleans())
def test_an_alarm_demotes_at_once_and_totally(share: float, rows: int, agree: bool) -> None:
    canary = judge_canary(CanaryEvidence(share, rows, detector=ALARM_AT), POLICY)
    live = judge_live(LiveEvidence(ALARM_AT, [agree] * rows), POLICY)
    for verdict in (canary, live):
        assert (verdict.ruling, verdict.move) == (Ruling.FAIL, Move.DEMOTE)
        assert (verdict.stage, verdict.share) == (Stage.SHADOW, 0.0)


@pytest.mark.parametrize(("latest", "ruling"), [([True] * 200, Ruling.PASS), ([True, False] * 40, Ruling.INCONCLUSIVE)])
def test_short_of_an_alarm_live_holds_and_says_whether_it_is_supported(latest: list[bool], ruling: Ruling) -> None:
    verdict = judge_live(LiveEvidence(QUIET, latest), POLICY)
    assert (verdict.ruling, verdict.move, verdict.stage) == (ruling, Move.HOLD, None)
    assert bool(verdict.missing) == (ruling is Ruling.INCONCLUSIVE)


@given(latest=st.lists(st.booleans() | st.just(value=True), max_size=300), at=st.integers(0, 299))
def test_more_agreement_never_ends_support(latest: list[bool], at: int) -> None:
    better = [agreed or n == at for n, agreed in enumerate(latest)]
    assert supported(better, 0.95) or not supported(latest, 0.95)


@pytest.mark.parametrize("target", [0.07, 0.29, 0.57, 0.9, 0.95, 0.97, 0.99])
def test_exactly_the_target_is_support_in_spite_of_floats(target: float) -> None:
    agree = round(target * 100)
    assert supported([True] * agree + [False] * (100 - agree), target)
    assert not supported([True] * (agree - 1) + [False] * (101 - agree), target)


def test_without_evidence_there_is_no_support() -> None:
    assert not supported([], 0.5)
    assert not supported([True] * (MIN_AUDITS - 1), 0.5)


@pytest.mark.parametrize(("p", "red"), [(0.97, 0.04), (0.96, 0.18), (0.95, 0.42), (0.93, 0.83), (0.90, 0.99)])
def test_the_page_is_red_as_often_as_documented(p: float, red: float) -> None:
    rng = np.random.default_rng(8)
    windows = rng.random((2000, WATCHED_AUDITS)) < p
    share = np.mean([not supported(window.tolist(), 0.95) for window in windows])
    assert share == pytest.approx(red, abs=3 * math.sqrt(red * (1 - red) / 2000) + 0.005)


def test_a_student_that_goes_bad_walks_the_whole_way_down() -> None:
    """Promoted, live, then a fall to 70 %: red within tens of audits, demoted soon after, never promoted meanwhile."""
    rng = np.random.default_rng(4)
    history = [bool(x) for x in rng.random(300) < 0.98]
    detector = replay(history, tau_down(POLICY.target))
    assert judge_live(LiveEvidence(detector.value, history), POLICY).ruling is Ruling.PASS
    red_at = demoted_at = None
    for audit, agreed in enumerate((bool(x) for x in rng.random(400) < 0.70), start=1):
        history.append(agreed)
        verdict = judge_live(LiveEvidence(detector.update(agreed).value, history), POLICY)
        red_at = red_at or (audit if verdict.ruling is not Ruling.PASS else None)
        if verdict.move is Move.DEMOTE:
            demoted_at = audit
            break
    assert red_at is not None
    assert demoted_at is not None
    assert red_at < demoted_at < 120


def test_policy_target_is_what_counts() -> None:
    assert judge_shadow(evidence(190, 10), POLICY).move is Move.HOLD
    assert judge_shadow(evidence(190, 10), replace(POLICY, target=0.85)).move is Move.PROMOTE
