"""Each promise is kept by a good story, and each false condition is found."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.demo import check
from shadowbert.demo.caller import Noted
from shadowbert.demo.check import Kept, Story, findings
from shadowbert.domain.evidence import Ruling
from shadowbert.domain.task import Stage
from tests.demo.examples import COLOURS, noted, verdict

UP = (
    verdict(Stage.COLLECTING, Stage.SHADOW, ruling=Ruling.INCONCLUSIVE),
    verdict(Stage.SHADOW, Stage.CANARY, share=0.05),
    verdict(Stage.CANARY, Stage.CANARY, share=0.25),
    verdict(Stage.CANARY, Stage.LIVE),
)


def calls_of(*, llm: int = 60, local: int = 40, wrong: int = 0) -> list[Noted]:
    """`wrong` of the local answers do not agree with the LLM."""
    calls = [noted(number) for number in range(llm)]
    for number in range(llm, llm + local):
        right = noted(number, source="student")
        off = '{"colour": "red", "dark": true}' if right.message.answer["colour"] == "blue" else None
        other = '{"colour": "blue", "dark": true}' if off is None else off
        calls.append(replace(right, content=other) if number - llm < wrong else right)
    return calls


def story(calls: Sequence[Noted], **kept: object) -> Story:
    rows = [(call.exchange, call.source) for call in calls if call.exchange is not None]
    values = {"sources": rows, "verdicts": UP, "unloaded_bytes": 0, "exit_code": 0} | kept
    asked = sum(call.source == "llm" for call in calls)
    return Story(COLOURS, calls, Kept(**values), target=0.9, missing="more calls", upstream_calls=asked)  # type: ignore[arg-type]


def unkept(told: Story) -> list[str]:
    return [finding.promise for finding in findings(told) if finding.kept is False]


def test_a_good_story_keeps_every_promise() -> None:
    assert [finding.kept for finding in findings(story(calls_of()))] == [True] * len(findings(story(calls_of())))


def test_error_replies_of_the_llm_break_nothing() -> None:
    assert unkept(story([*calls_of(), noted(200, status=503, content="")])) == []


def test_a_call_without_a_reply() -> None:
    assert unkept(story([*calls_of(), noted(200, status=None)])) == ["every call got a reply"]


def test_no_call_at_all() -> None:
    assert "every call got a reply" in unkept(story([]))


def test_nobody_went_live() -> None:
    finding = check.cut_over_by_the_gate(UP[:-1], missing="more calls")
    assert finding.kept is False
    assert "more calls" in finding.because


@pytest.mark.parametrize(
    "forced",
    [verdict(Stage.SHADOW, Stage.LIVE, by="ada"), verdict(Stage.SHADOW, Stage.LIVE, ruling=Ruling.INCONCLUSIVE)],
)
def test_forced_by_hand(forced: object) -> None:
    assert unkept(story(calls_of(), verdicts=(*UP, forced))) == ["the gate opened the way, nobody forced it"]


def test_a_local_answer_outside_the_schema() -> None:
    calls = calls_of()
    calls[-1] = replace(calls[-1], content='{"colour": "green", "dark": true}')
    assert unkept(story(calls)) == ["local answers follow the schema"]


def test_no_local_answer() -> None:
    assert "local answers follow the schema" in unkept(story(calls_of(local=0)))


@pytest.mark.parametrize(("wrong", "kept"), [(0, True), (4, True), (9, True), (10, False), (20, False)])
def test_disagreement_beyond_chance(wrong: int, kept: bool) -> None:
    """P(X <= 31 of 40) is 1.5 % at a true agreement of 0.9, P(X <= 30) is 0.5 %."""
    calls = calls_of(local=40, wrong=wrong)
    assert check.local_answers_agree(calls, 0.9, simulated=True).kept is kept


def test_a_real_api_cannot_be_asked_again() -> None:
    assert check.local_answers_agree(calls_of(wrong=40), 0.9, simulated=False).kept is None
    assert check.upstream_matches(calls_of(), None).kept is None


@given(st.integers(1, 400), st.data())
def test_agreement_at_the_target_is_never_refused(local: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, local // 10))
    assert check.local_answers_agree(calls_of(llm=0, local=local, wrong=wrong), 0.9, simulated=True).kept is True


def test_a_call_missing_from_the_table() -> None:
    calls = calls_of()
    rows = [(call.exchange, call.source) for call in calls[1:]]
    assert unkept(story(calls, sources=rows)) == ["the table holds every call once"]


def test_a_call_twice_in_the_table() -> None:
    calls = calls_of()
    rows = [(call.exchange, call.source) for call in [*calls, calls[0]]]
    assert unkept(story(calls, sources=rows)) == ["the table holds every call once"]


def test_a_call_with_another_source_in_the_table() -> None:
    calls = calls_of()
    rows = [(calls[0].exchange, "student"), *((call.exchange, call.source) for call in calls[1:])]
    assert unkept(story(calls, sources=rows)) == ["the table holds every call once"]


def test_a_row_that_nobody_called() -> None:
    calls = calls_of()
    rows = [*((call.exchange, call.source) for call in calls), ("stranger", "llm")]
    assert unkept(story(calls, sources=rows)) == ["the table holds every call once"]


def test_a_reply_without_an_exchange() -> None:
    calls = calls_of()
    calls[0] = replace(calls[0], exchange=None)
    assert "the table holds every call once" in unkept(story(calls))


@pytest.mark.parametrize("kept", [{"unloaded_bytes": 7}, {"exit_code": 1}, {"exit_code": None}])
def test_a_server_that_left_something_behind(kept: dict[str, object]) -> None:
    assert unkept(story(calls_of(), **kept)) == ["the server stopped cleanly and emptied its journal"]


@pytest.mark.parametrize("off_by", [-1, 1])
def test_an_llm_that_was_asked_more_or_less_often_than_told(off_by: int) -> None:
    told = story(calls_of())
    assert told.upstream_calls is not None
    off = replace(told, upstream_calls=told.upstream_calls + off_by)
    assert unkept(off) == ["the LLM was asked exactly where the caller was told so"]
