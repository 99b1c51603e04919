import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.evidence import Counts
from shadowbert.gating.eprocess import (
    alpha_share,
    fails,
    log_e_value,
    lower_bound,
    passes,
    rows_at_share,
    rows_to_pass,
)
from tests.gating.simulate import ever_at_least, first_at_least, log_e_paths

counts = st.builds(Counts, agree=st.integers(0, 3000), disagree=st.integers(0, 300))
taus = st.floats(0.5, 0.995)


def multiplied_row_by_row(rows: list[bool], tau: float) -> float:
    """E as a bettor would compute it: 64 stakes, each multiplied at every row, in plain numbers."""
    alternatives = [1 - (1 - tau) * (1 - (k - 0.5) / 64) ** 2 for k in range(1, 65)]
    stakes = [1.0] * 64
    for agreed in rows:
        factors = [q / tau if agreed else (1 - q) / (1 - tau) for q in alternatives]
        stakes = [stake * factor for stake, factor in zip(stakes, factors, strict=True)]
    return sum(stakes) / 64


@given(rows=st.lists(st.booleans() | st.just(value=True), max_size=300), tau=taus)
def test_closed_form_equals_the_incremental_product(rows: list[bool], tau: float) -> None:
    closed = log_e_value(Counts(sum(rows), len(rows) - sum(rows)), tau)
    assert closed == pytest.approx(math.log(multiplied_row_by_row(rows, tau)), abs=1e-8)


@given(counts=counts, tau=taus)
def test_an_agreement_never_lowers_e_and_a_disagreement_never_raises_it(counts: Counts, tau: float) -> None:
    now = log_e_value(counts, tau)
    assert log_e_value(Counts(counts.agree + 1, counts.disagree), tau) >= now - 1e-9
    assert log_e_value(Counts(counts.agree, counts.disagree + 1), tau) <= now + 1e-9


@given(counts=counts, tau=taus, higher=taus)
def test_a_higher_target_never_has_more_evidence(counts: Counts, tau: float, higher: float) -> None:
    low, high = sorted((tau, higher))
    assert log_e_value(counts, high) <= log_e_value(counts, low) + 1e-9


@given(counts=counts, alpha=st.sampled_from([0.1, 0.05, 0.025, 0.001]))
def test_lower_bound_is_where_the_test_turns(counts: Counts, alpha: float) -> None:
    bound = lower_bound(counts, alpha=alpha)
    assert 0 <= bound <= (counts.share or 0.0)
    assert bound < 1e-6 or passes(counts, bound - 1e-6, alpha=alpha)
    assert not passes(counts, bound + 1e-6, alpha=alpha)


@given(counts=counts, tau=taus, alpha=st.sampled_from([0.05, 0.025]))
def test_rows_to_pass_is_the_least_number_that_passes(counts: Counts, tau: float, alpha: float) -> None:
    rows = rows_to_pass(counts, tau, alpha=alpha)
    assert passes(Counts(counts.agree + rows, counts.disagree), tau, alpha=alpha)
    assert rows == 0 or not passes(Counts(counts.agree + rows - 1, counts.disagree), tau, alpha=alpha)


@given(counts=counts, tau=taus, share=st.floats(0, 1))
def test_rows_at_a_share_are_never_fewer_than_when_all_agree(counts: Counts, tau: float, share: float) -> None:
    rows = rows_at_share(counts, tau, alpha=0.05, share=share)
    if rows is None:
        assert share <= tau
    else:
        assert rows >= rows_to_pass(counts, tau, alpha=0.05)


@given(counts=counts, tau=taus)
def test_nothing_both_passes_and_fails(counts: Counts, tau: float) -> None:
    assert not (passes(counts, tau, alpha=0.05) and fails(counts, tau, alpha=0.05))


@pytest.mark.parametrize(("tau", "rows"), [(0.90, 36), (0.95, 74), (0.97, 125), (0.98, 188), (0.99, 377)])
def test_rows_needed_without_a_disagreement(tau: float, rows: int) -> None:
    assert rows_to_pass(Counts(), tau, alpha=0.05) == rows


@pytest.mark.parametrize(
    ("agree", "disagree", "bound"), [(490, 10, 0.9558), (1960, 40, 0.9687)], ids=["500 rows", "2,000 rows"]
)
def test_published_lower_bounds(agree: int, disagree: int, bound: float) -> None:
    assert round(lower_bound(Counts(agree, disagree), alpha=0.05), 4) == bound


def test_no_agreement_has_no_lower_bound() -> None:
    assert lower_bound(Counts(0, 40), alpha=0.05) == 0.0


def test_shares_of_alpha_sum_to_alpha_and_start_at_one() -> None:
    assert sum(alpha_share(j, 0.05) for j in range(1, 5000)) == pytest.approx(0.05, rel=1e-3)
    with pytest.raises(ValueError, match="counted from 1"):
        alpha_share(0, 0.05)


# The first table of the reference: promotions within 4,000 rows when somebody looks after every row, at alpha 0.05.
@pytest.mark.parametrize(
    ("tau", "p", "published"),
    [(0.90, 0.880, 0.011), (0.90, 0.895, 0.037), (0.90, 0.900, 0.042), (0.95, 0.945, 0.020), (0.95, 0.950, 0.038)],
)
def test_a_bad_student_is_promoted_as_rarely_as_published(tau: float, p: float, published: float) -> None:
    runs = 1000
    share = ever_at_least(log_e_paths(tau, p, runs=runs, rows=4000, seed=1), math.log(1 / 0.05))
    slack = 3 * math.sqrt(published * (1 - published) / runs)
    assert share == pytest.approx(published, abs=slack)
    assert share <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


def test_the_raw_share_under_peeking_would_promote_nearly_always() -> None:
    rng = np.random.default_rng(2)
    agree = (rng.random((1000, 4000), dtype=np.float32) < 0.945).cumsum(axis=1)[:, 29:]
    assert (agree >= 0.95 * np.arange(30, 4001)).any(axis=1).mean() > 0.8


# The second table: median rows to promotion of a student that is really better.
@pytest.mark.parametrize(
    ("tau", "p", "published"), [(0.90, 0.95, 172), (0.90, 0.97, 86), (0.95, 0.98, 249), (0.95, 0.99, 131)]
)
def test_a_good_student_passes_after_about_the_published_rows(tau: float, p: float, published: int) -> None:
    firsts = first_at_least(log_e_paths(tau, p, runs=1000, rows=2000, seed=3), math.log(1 / 0.05))
    median = float(np.median(firsts))
    assert median == pytest.approx(published, rel=0.12)
    estimate = rows_at_share(Counts(), tau, alpha=0.05, share=p)
    assert estimate is not None
    assert estimate == pytest.approx(median, rel=0.2)


def test_over_many_versions_the_chance_to_promote_any_bad_one_stays_below_alpha() -> None:
    """Twelve students just at the target, each looked at after every one of 1,500 rows, over 400 task lives."""
    lives, promoted = 400, np.zeros(400, dtype=bool)
    for j in range(1, 13):
        paths = log_e_paths(0.95, 0.95, runs=lives, rows=1500, seed=100 + j)
        promoted |= paths.max(axis=1) >= math.log(1 / alpha_share(j, 0.05))
    assert promoted.mean() <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / lives)


def test_confidence_sequence_covers_at_every_moment() -> None:
    """The bound lies above the truth at some moment exactly when the test at the truth rejects at some moment."""
    paths = log_e_paths(0.93, 0.93, runs=500, rows=1500, seed=5)
    assert ever_at_least(paths, math.log(1 / 0.05)) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 500)
