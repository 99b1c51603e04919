"""The simulations of `make bench-gate` with fewer streams: seeded, so that what holds once holds always."""

import math

import numpy as np
import pytest

from shadowbert.gating.drift import tau_down
from tests.gating.cells import ATTACKS, PUBLISHED, ROWS, attack, ever_promoted, fall, rows_to_promotion, served_below
from tests.gating.traffic import TAUGHT, bursts, hot

LIVES = 80


def slack(share: float, streams: int) -> float:
    return 3 * math.sqrt(share * (1 - share) / streams)


@pytest.mark.parametrize("target", [0.90, 0.95, 0.98])
@pytest.mark.parametrize("below", [0.0, 0.005])
def test_five_versions_at_or_below_the_target_are_promoted_in_few_lives(target: float, below: float) -> None:
    assert ever_promoted(target, target - below, streams=300, seed=1) <= 0.05 + slack(0.05, 300)


def test_a_simulation_that_promotes_nobody_would_prove_nothing() -> None:
    assert ever_promoted(0.95, 0.97, streams=100, seed=1) > 0.99


@pytest.mark.parametrize(("target", "p"), [(0.95, 0.97), (0.95, 0.98), (0.95, 0.99), (0.98, 0.995)])
def test_better_students_pass_after_the_published_rows(target: float, p: float) -> None:
    rows = rows_to_promotion(target, p, alpha=0.05, least=0, streams=2_000, seed=2)
    assert rows == pytest.approx(PUBLISHED[target, p], rel=0.15), "few rows can be the median: they lie far apart"


@pytest.mark.parametrize("name", [name for name, (_, every_call) in ATTACKS.items() if not every_call])
def test_no_attack_promotes_above_alpha(name: str) -> None:
    traffic, _ = ATTACKS[name]
    assert attack(traffic, streams=LIVES, seed=4).promoted <= 0.05 + slack(0.05, LIVES)


@pytest.mark.parametrize("name", [name for name, (_, every_call) in ATTACKS.items() if every_call])
def test_without_the_rule_of_distinct_inputs_repeats_would_deceive(name: str) -> None:
    """What an attack must do to be one."""
    traffic, _ = ATTACKS[name]
    assert attack(traffic, streams=20, seed=4, every_call=True).promoted > 0.5


@pytest.mark.parametrize(
    ("name", "objection"),
    [("always the label of 97 %", "no_lift"), ("always the label of 60 %", "shown_bad")],
)
def test_what_stops_a_student_that_knows_nothing(name: str, objection: str) -> None:
    outcome = attack(ATTACKS[name][0], streams=30, seed=4)
    assert (outcome.promoted, outcome.by) == (0.0, objection)


def test_known_disagreements_keep_hot_mistakes_from_being_served() -> None:
    """Without the rule, a student that is good on distinct inputs may be bad on the calls that come."""
    traffic = hot(0.97, on_hot=0.97)
    assert served_below(traffic, streams=200, seed=6) == 0.0
    assert served_below(traffic, streams=200, seed=6, known_to_llm=False) > 0.03


def test_an_input_counts_once_and_never_where_it_taught() -> None:
    calls = bursts(0.9, length=7)(np.random.default_rng(1), TAUGHT + ROWS)
    rows = calls.evidence()
    assert len(set(rows.text.tolist())) == len(rows.text) < ROWS / 5
    assert not set(rows.text.tolist()) & set(calls.text[:TAUGHT].tolist())
    assert rows.text.tolist() == sorted(rows.text.tolist()), "in the order in which they came"


def test_a_fall_is_back_on_the_llm_in_the_published_time() -> None:
    """The published 90th percentile, 225 audits, at one audit in twenty calls; suspicion buys most of them sooner."""
    found = fall(tau_down(0.97), 0.98, 0.85, streams=500, seed=9)
    assert (found.requests <= 225 / 0.05).mean() >= 0.9
    assert float(np.percentile(found.audits, 90)) == pytest.approx(225, rel=0.15)
    assert np.median(found.requests) < 0.6 * np.median(found.at_fixed_rate)
