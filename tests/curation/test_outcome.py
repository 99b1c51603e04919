from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.curation.outcome import Ending, Unfit, label_of
from shadowbert.domain.exchange import Outcome
from shadowbert.domain.route import Source

GOOD = Ending(Source.LLM, Outcome.COMPLETE, 200, complete=True, finish_reason="stop", answer=(1, 0))


@pytest.mark.parametrize("finish_reason", ["stop", "tool_calls", "function_call", None])
def test_a_whole_valid_answer_teaches(finish_reason: str | None) -> None:
    assert label_of(replace(GOOD, finish_reason=finish_reason)) == (1, 0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"source": Source.STUDENT}, Unfit.BY_STUDENT),
        ({"status": 429, "answer": None}, Unfit.UPSTREAM_ERROR),
        ({"status": 500}, Unfit.UPSTREAM_ERROR),
        ({"outcome": Outcome.UPSTREAM_ERROR, "status": None, "complete": False}, Unfit.UPSTREAM_ERROR),
        ({"outcome": Outcome.OURS, "status": 200}, Unfit.UPSTREAM_ERROR),
        ({"outcome": Outcome.CLIENT_GONE, "complete": False}, Unfit.CLIENT_GONE),
        ({"outcome": Outcome.CLIENT_GONE, "complete": False, "status": None}, Unfit.CLIENT_GONE),
        ({"outcome": Outcome.TRUNCATED, "complete": False}, Unfit.BROKEN_OFF),
        ({"complete": False}, Unfit.BROKEN_OFF),
        ({"choices": 2}, Unfit.SEVERAL_CHOICES),
        ({"choices": 0}, Unfit.SEVERAL_CHOICES),
        ({"refusal": "I cannot help with that."}, Unfit.REFUSAL),
        ({"finish_reason": "length"}, Unfit.TRUNCATED),
        ({"finish_reason": "content_filter"}, Unfit.CONTENT_FILTER),
        ({"finish_reason": "eos"}, Unfit.UNKNOWN_FINISH),
        ({"answer": None}, Unfit.INVALID),
    ],
)
def test_each_defect_has_its_own_reason(changes: dict[str, object], reason: Unfit) -> None:
    assert label_of(replace(GOOD, **changes)) is reason


def test_a_client_that_left_after_the_end_has_had_its_answer() -> None:
    assert label_of(replace(GOOD, outcome=Outcome.CLIENT_GONE)) == (1, 0)


def test_an_empty_refusal_is_none() -> None:
    assert label_of(replace(GOOD, refusal="")) == (1, 0)


def test_only_the_teachers_own_failures_count_against_the_evidence() -> None:
    assert {reason for reason in Unfit if not reason.failure} == {
        Unfit.BY_STUDENT,
        Unfit.CLIENT_GONE,
        Unfit.RETRY,
        Unfit.FEEDBACK,
        Unfit.FALLBACK,
        Unfit.SEVERAL_CHOICES,
    }


@given(
    st.builds(
        Ending,
        source=st.sampled_from(Source),
        outcome=st.sampled_from(Outcome),
        status=st.sampled_from([None, 200, 404, 500]),
        complete=st.booleans(),
        finish_reason=st.sampled_from([None, "stop", "length", "else"]),
        refusal=st.sampled_from([None, "no"]),
        answer=st.sampled_from([None, (0,), ()]),
        choices=st.integers(0, 3),
    )
)
def test_a_label_is_the_teachers_answer_or_there_is_none(ending: Ending) -> None:
    label = label_of(ending)
    if not isinstance(label, Unfit):
        assert label == ending.answer
        assert ending.complete
        assert ending.source is Source.LLM
