"""When a student is better off without a label."""

from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.evidence import Counts, Departure
from shadowbert.domain.task import Policy
from shadowbert.gating.variant import Waiting, better_without

POLICY = Policy()


def waiting(counts: Counts, coverage: float = 0.8) -> Waiting:
    assert counts.share is not None
    return Waiting(counts, counts.share, coverage, number=1)


def test_who_never_passes_with_a_label_is_better_off_without() -> None:
    rows = {(0,): Counts(200, 2), (1,): Counts(24, 16)}
    gone = (Departure(0, 1, Counts(24, 16)),)
    coverage = better_without(rows, gone, waiting(Counts(224, 18)), POLICY, number=2)
    assert coverage == 0.8 * 202 / 242


def test_who_is_about_to_pass_waits_for_no_variant() -> None:
    """It leaves when the whole has passed."""
    rows = {(0,): Counts(900, 2), (1,): Counts(10, 9)}
    gone = (Departure(0, 1, Counts(10, 9)),)
    assert better_without(rows, gone, waiting(Counts(910, 11)), POLICY, number=2) is None


def test_a_rest_that_is_no_better_than_the_target_is_no_variant() -> None:
    rows = {(0,): Counts(180, 20), (1,): Counts(10, 30)}
    gone = (Departure(0, 1, Counts(10, 30)),)
    assert better_without(rows, gone, waiting(Counts(190, 50)), POLICY, number=2) is None


def test_a_rest_that_covers_next_to_nothing_is_no_variant() -> None:
    rows = {(0,): Counts(10, 0), (1,): Counts(200, 90)}
    gone = (Departure(0, 1, Counts(200, 90)),)
    assert better_without(rows, gone, waiting(Counts(210, 90)), POLICY, number=2) is None


@given(agree=st.integers(0, 2_000), disagree=st.integers(0, 60), number=st.integers(1, 9), more=st.integers(1, 300))
def test_more_agreement_serves_no_less_and_a_later_candidate_no_more(
    agree: int, disagree: int, number: int, more: int
) -> None:
    now = Waiting(Counts(agree, disagree), 0.98, 0.5, number).served(POLICY)
    assert Waiting(Counts(agree + more, disagree), 0.98, 0.5, number).served(POLICY) >= now
    assert Waiting(Counts(agree, disagree), 0.98, 0.5, number + 1).served(POLICY) <= now
