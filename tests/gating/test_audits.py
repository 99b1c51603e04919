"""When more audits are bought, and whether that is worth it."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.evidence import Counts
from shadowbert.domain.task import Policy
from shadowbert.gating.audits import (
    BUDGET,
    CHANGED_AUDIT_RATE,
    NO_MORE,
    SUSPICIOUS_AUDIT_RATE,
    Audits,
    Challenge,
    Signals,
    audits,
    raised,
    worth_auditing,
)
from shadowbert.gating.eprocess import alpha_share, log_e_value

POLICY = Policy()
HOPED = Challenge(Counts(), rows=0, coverage=0.75, champion=0.6, alpha=alpha_share(2, 0.05))

signals = st.builds(
    Signals,
    suspicious=st.booleans(),
    signed_anew=st.booleans(),
    escalations=st.sampled_from(["", "the student is sure of fewer calls than before (60 %)"]),
    to_judge=st.none() | st.integers(1, 5000),
)
policies = st.builds(Policy, audit_rate=st.floats(0.01, 1), challenger_audit_rate=st.floats(0, 0.25))


@given(signals=signals, policy=policies)
def test_audits_are_only_ever_raised_and_always_with_a_reason(signals: Signals, policy: Policy) -> None:
    found = audits(signals, policy)
    assert (found.rate is None) == (found.why == "")
    assert found.rate is None or policy.audit_rate < found.rate <= SUSPICIOUS_AUDIT_RATE


@given(signals=signals)
def test_suspicion_comes_first(signals: Signals) -> None:
    assert audits(replace(signals, suspicious=True), POLICY).rate == SUSPICIOUS_AUDIT_RATE


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (Signals(signed_anew=True), "another model"),
        (Signals(escalations="the student is sure of fewer calls"), "sure of fewer calls"),
        (Signals(to_judge=1000), "about 800 more calls to the LLM"),
    ],
)
def test_what_else_buys_audits(given: Signals, why: str) -> None:
    found = audits(given, POLICY)
    assert found.rate == CHANGED_AUDIT_RATE
    assert why in found.why


def test_nothing_new_buys_nothing() -> None:
    assert audits(Signals(), POLICY) == NO_MORE
    assert audits(Signals(to_judge=900), Policy(challenger_audit_rate=0.0)) == NO_MORE


def test_in_words() -> None:
    assert raised(0.25, Audits(0.25, "because").why) == "audits raised to 25 %: because"
    assert raised(0.05, "") == "audits raised to 5 %"


@pytest.mark.parametrize(
    "challenge",
    [
        replace(HOPED, coverage=0.65),  # adds less than it costs
        replace(HOPED, coverage=0.05, champion=0.04),  # adds less than anybody would notice
        replace(HOPED, counts=Counts(400, 0), rows=400),  # has passed
        replace(HOPED, counts=Counts(188, 12), rows=200),  # would never pass
        replace(HOPED, counts=Counts(480, 20), rows=500),  # would take thousands
        replace(HOPED, counts=Counts(80, 0), rows=BUDGET),  # the same few inputs again and again
    ],
)
def test_a_challenger_that_is_not_worth_audits(challenge: Challenge) -> None:
    assert worth_auditing(challenge, POLICY) is None


def test_a_challenger_on_its_way_needs_less_and_less() -> None:
    counted = [worth_auditing(replace(HOPED, counts=Counts(n, n // 60), rows=n), POLICY) for n in (0, 120, 240)]
    needed = [rows for rows in counted if rows is not None]
    assert len(needed) == 3
    assert needed == sorted(needed, reverse=True)


def test_repeated_inputs_make_it_dearer() -> None:
    once = replace(HOPED, counts=Counts(150, 2), rows=150)
    often = worth_auditing(replace(once, rows=300), POLICY)
    assert worth_auditing(once, POLICY) == pytest.approx((often or 0) / 2, abs=1)


@given(
    agree=st.integers(0, 900),
    disagree=st.integers(0, 60),
    more=st.integers(0, 300),
    coverage=st.floats(0, 1),
    champion=st.floats(0, 1),
)
def test_a_challenger_never_costs_more_than_its_budget(
    agree: int, disagree: int, more: int, coverage: float, champion: float
) -> None:
    counts = Counts(agree, disagree)
    given = Challenge(counts, counts.rows + more, coverage, champion, alpha_share(3, 0.05))
    needed = worth_auditing(given, POLICY)
    assert needed is None or 0 <= needed * coverage <= BUDGET - given.rows + 1


LOOK = 20


def asks(agree: int, disagree: int) -> bool:
    """Whether the rule would buy audits for such a challenger, were it to add enough."""
    found = Challenge(Counts(agree, disagree), agree + disagree, 0.9, 0.5, HOPED.alpha)
    return worth_auditing(found, POLICY) is not None


def saved(gain: float, rate: float, *, base: float = 0.05, champion: float = 0.6) -> float:
    """Answers of a student that a raised rate wins on average: half of the challengers agree on 98 % of their slice and
    half on 95 %, and somebody looks at every 20 rows whether they still ask for it.
    """
    known = cache(asks)
    won = []
    for agreement, seed in ((0.98, 6), (0.95, 7)):
        agreed = (np.random.default_rng(seed).random((300, BUDGET)) < agreement).cumsum(axis=1)
        rows = np.arange(1, BUDGET + 1)
        table = {(a, n): log_e_value(Counts(a, n - a), 0.95) for n in rows[99::LOOK] for a in set(agreed[:, n - 1])}
        for path in agreed:
            passed = next((n for n in rows[99::LOOK] if table[path[n - 1], n] >= -np.log(HOPED.alpha)), 0)
            looks = range(0, passed or BUDGET, LOOK)
            bought = [n == 0 or known(int(path[n - 1]), n - int(path[n - 1])) for n in looks]
            calls = LOOK / (champion + gain) / np.where(bought, rate, base)
            paid = calls[bought].sum() * (rate - base) * champion
            sooner = passed / (champion + gain) / base - calls.sum() if passed else 0.0
            won.append(gain * (1 - base) * sooner - paid)
    return float(np.mean(won))


@pytest.mark.parametrize("rate", [0.1, 0.25])
def test_what_is_bought_is_worth_its_price(rate: float) -> None:
    """Where the rule buys, answers are won; and most of them at the highest rate. Where it does not, they are lost."""
    assert saved(0.15, rate) > saved(0.08, rate) > 0 > saved(0.03, rate)
    assert saved(0.15, 0.25) > saved(0.15, 0.1)
