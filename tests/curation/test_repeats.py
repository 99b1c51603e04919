"""What repeats what: by version, tenant, time, and whether anybody had an answer."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.curation import repeats
from shadowbert.curation.outcome import Unfit
from shadowbert.curation.repeats import FALLEN_BACK, REPEATED
from shadowbert.domain.records import CallRow, EarlierCall
from shadowbert.domain.route import Decider, Source

AT = 1_760_000_000.0
NOW = EarlierCall("now", 9, "v", "default", "h", None, AT, AT + 1)
ROW = CallRow("now", 9, "v", "text", "h", Source.LLM, Decider.STAGE, 1.0, eligible=True, answer=(1,), unfit=None)
COMPLAINT = replace(ROW, answer=None, unfit=Unfit.FEEDBACK.value, eligible=False)


def judged(row: CallRow, call: EarlierCall, before: list[EarlierCall], *, retry: bool) -> CallRow | None:
    return repeats.judged(row, call, before, retry=retry, alike=lambda version_id: version_id != "foreign")


def earlier(unfit: Unfit | None = None, **changes: Any) -> EarlierCall:
    """A call of the same version, two seconds ago."""
    then: dict[str, Any] = {"exchange_id": "then", "seq": 3, "unfit": unfit, "received_at": AT - 2, "ended_at": AT - 1}
    return replace(NOW, **then | changes)


@pytest.mark.parametrize("unfit", [None, Unfit.BY_STUDENT, Unfit.INVALID, Unfit.REFUSAL, Unfit.RETRY])
def test_a_retry_of_an_answered_call_is_a_repetition(unfit: Unfit | None) -> None:
    told = judged(ROW, NOW, [earlier(unfit)], retry=True)
    assert told == replace(ROW, answer=None, unfit=Unfit.RETRY, parent="then")


@pytest.mark.parametrize("unfit", [Unfit.UPSTREAM_ERROR, Unfit.CLIENT_GONE, Unfit.BROKEN_OFF])
def test_a_retry_after_no_answer_is_the_first_answer(unfit: Unfit) -> None:
    assert judged(ROW, NOW, [earlier(unfit)], retry=True) == ROW


@pytest.mark.parametrize(
    "changes",
    [
        {"received_at": AT - REPEATED - 1},
        {"version_id": "another"},
        {"tenant": "another"},
    ],
)
def test_what_is_old_or_of_others_was_not_asked_again(changes: dict[str, Any]) -> None:
    assert judged(ROW, NOW, [earlier(**changes)], retry=True) == ROW
    assert judged(COMPLAINT, NOW, [earlier(**changes)], retry=False) is None


def test_who_does_not_say_that_it_tries_again_asks_anew() -> None:
    assert judged(ROW, NOW, [earlier()], retry=False) == ROW


def test_a_complaint_has_the_latest_call_as_its_parent() -> None:
    told = judged(COMPLAINT, NOW, [earlier(Unfit.INVALID), earlier(exchange_id="later")], retry=False)
    assert told == replace(COMPLAINT, parent="later")
    assert judged(COMPLAINT, NOW, [], retry=False) is None


@pytest.mark.parametrize("unfit", [Unfit.INVALID, Unfit.TRUNCATED])
def test_the_same_input_in_another_form_after_a_poor_answer_is_a_fallback(unfit: Unfit) -> None:
    told = judged(ROW, NOW, [earlier(unfit, version_id="another")], retry=False)
    assert told == replace(ROW, answer=None, unfit=Unfit.FALLBACK, parent="then")


@pytest.mark.parametrize(
    ("unfit", "changes"),
    [
        (None, {}),
        (Unfit.REFUSAL, {}),
        (Unfit.UPSTREAM_ERROR, {}),
        (Unfit.INVALID, {"version_id": "v"}),
        (Unfit.INVALID, {"tenant": "another"}),
        (Unfit.INVALID, {"version_id": "foreign"}),
        (Unfit.INVALID, {"ended_at": AT - FALLEN_BACK - 1}),
        (Unfit.INVALID, {"ended_at": AT + 5}),
    ],
)
def test_what_nobody_fell_back_from(unfit: Unfit | None, changes: dict[str, Any]) -> None:
    assert judged(ROW, NOW, [earlier(unfit, **{"version_id": "another"} | changes)], retry=False) == ROW


calls = st.builds(
    earlier,
    unfit=st.sampled_from([None, *Unfit]),
    version_id=st.sampled_from(["v", "another"]),
    tenant=st.sampled_from(["default", "another"]),
    received_at=st.floats(AT - 1000, AT),
    ended_at=st.floats(AT - 1000, AT + 10),
)


@given(
    st.lists(calls, max_size=5),
    st.booleans(),
    st.sampled_from([ROW, COMPLAINT, replace(ROW, answer=None, unfit="refusal")]),
)
def test_a_call_keeps_its_label_or_names_its_parent(before: list[EarlierCall], retry: bool, row: CallRow) -> None:
    told = judged(row, NOW, before, retry=retry)
    if told is None:
        assert row is COMPLAINT
    elif told != row:
        assert (told.answer, told.parent) == (None, "then")
        assert not Unfit(str(told.unfit)).failure
