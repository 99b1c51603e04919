"""Whether the teacher is still there, from how the audits and escalations since its last answer ended."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.evidence import Unanswered
from shadowbert.gating.unaudited import DOWN_AFTER, DOWN_FOR_S, GONE_AFTER, Absence, absence, unchecked, why

statuses = st.sampled_from([None, 401, 404, 410, 429, 500, 503])


def tried(*ended: int | None, span: float = 0.0) -> Unanswered:
    """The newest first."""
    return Unanswered(len(ended), 1, 1000.0, 1000.0 + span, ended)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (tried(), None),
        (tried(404, 404), None),
        (tried(404, 404, 404), Absence.GONE),
        (tried(410, 404, 410, 503, 200), Absence.GONE),
        (tried(404, 503, 404, 404), None),
        (tried(503, 503, 503, 503, span=86_400), None),
        (tried(503, 503, 503, 503, 503, span=299.9), None),
        (tried(503, 503, 503, 503, 503, span=300), Absence.DOWN),
        (tried(None, None, None, None, None, span=600), Absence.DOWN),
        (tried(429, 429, 429, 429, 429, 429, span=600), Absence.DOWN),
        (tried(503, 404, 404, 404, 404, span=600), Absence.DOWN),
    ],
)
def test_the_teacher_is_gone_or_down_or_there(found: Unanswered, said: Absence | None) -> None:
    assert absence(found) is said


@given(st.lists(statuses, max_size=GONE_AFTER - 1), st.floats(0, 1e9))
def test_a_failure_or_two_say_nothing_however_far_apart(ended: list[int | None], span: float) -> None:
    assert absence(tried(*ended, span=span)) is None


@given(st.lists(statuses, min_size=DOWN_AFTER, max_size=20), st.floats(0, 1e9), statuses)
def test_one_more_failure_never_ends_it(ended: list[int | None], span: float, more: int | None) -> None:
    """A model that was gone may become an upstream that is down: that takes its own time."""
    if absence(tried(*ended, span=span)) is Absence.DOWN:
        assert absence(tried(more, *ended, span=span)) is not None


def test_an_upstream_that_fails_now_and_then_is_there() -> None:
    """A call every ten seconds for forty days, one in twenty failed: never five minutes without an answer."""
    draw, run, began = Random(1), [0], 0.0
    for second in range(0, 40 * 86_400, 10):
        if draw.random() >= 0.05:
            run, began = [0], second
            continue
        run.append(500)
        assert absence(tried(*run[1:], span=second - began)) is None


def test_in_words_it_says_what_was_seen() -> None:
    assert why(tried(None, None, None, None, None, span=DOWN_FOR_S)) == (
        "the LLM does not answer (5 audits and escalations failed, without any reply)"
    )
    assert unchecked(0) == "0 calls were answered locally since then"
