import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.evidence import Counts
from shadowbert.gating.bounds import around_mean, lower, upper
from shadowbert.gating.eprocess import lower_bound

stats = pytest.importorskip("scipy.stats")

rows_and_successes = st.integers(1, 5000).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows)))


@given(pair=rows_and_successes, delta=st.sampled_from([0.2, 0.1, 0.05, 0.01]))
def test_bounds_are_the_beta_quantiles(pair: tuple[int, int], delta: float) -> None:
    successes, rows = pair
    expected_lower = stats.beta.ppf(delta, successes, rows - successes + 1) if successes else 0.0
    expected_upper = stats.beta.ppf(1 - delta, successes + 1, rows - successes) if successes < rows else 1.0
    assert lower(successes, rows, delta=delta) == pytest.approx(expected_lower, abs=1e-9)
    assert upper(successes, rows, delta=delta) == pytest.approx(expected_upper, abs=1e-9)


@pytest.mark.parametrize(("successes", "rows"), [(490, 500), (999_000, 1_000_000)])
def test_large_counts_stay_exact(successes: int, rows: int) -> None:
    expected = stats.beta.ppf(0.05, successes, rows - successes + 1)
    assert lower(successes, rows, delta=0.05) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(("rows", "target"), [(29, 0.90), (59, 0.95), (99, 0.97), (149, 0.98), (299, 0.99)])
def test_rows_without_an_error_that_show_a_target(rows: int, target: float) -> None:
    assert lower(rows, rows, delta=0.05) >= target > lower(rows - 1, rows - 1, delta=0.05)


@given(pair=rows_and_successes)
def test_looking_once_allows_a_tighter_bound_than_looking_always(pair: tuple[int, int]) -> None:
    successes, rows = pair
    assert lower_bound(Counts(successes, rows - successes), alpha=0.05) <= lower(successes, rows, delta=0.05) + 1e-9


@pytest.mark.parametrize("successes", [-1, 11])
def test_impossible_counts_are_refused(successes: int) -> None:
    with pytest.raises(ValueError, match="in 10 rows"):
        lower(successes, 10, delta=0.05)


@pytest.mark.parametrize(("share", "rows"), [(0.5, 20), (0.9, 50), (0.98, 200)])
def test_a_mean_of_coins_is_within_its_bounds_as_often_as_said(share: float, rows: int) -> None:
    """Exactly, over all counts there could be."""
    outside = 0.0
    for count in range(rows + 1):
        low, high = around_mean(count / rows, rows, delta=0.1)
        outside += stats.binom.pmf(count, rows, share) * (not low <= share <= high)
    assert outside <= 0.1


@given(pair=rows_and_successes)
def test_bounds_of_a_mean_hold_it_and_are_no_narrower_than_those_of_a_share(pair: tuple[int, int]) -> None:
    successes, rows = pair
    low, high = around_mean(successes / rows, rows, delta=0.1)
    assert 0.0 <= low <= successes / rows <= high <= 1.0
    assert low <= lower(successes, rows, delta=0.05) + 1e-9
    assert high >= upper(successes, rows, delta=0.05) - 1e-9
