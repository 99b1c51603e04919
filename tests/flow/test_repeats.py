"""Calls that ask again, through the real station and on both back ends: complaints, other forms, retries."""

from typing import Any

import orjson
import pytest

from shadowbert.curation.outcome import Unfit
from shadowbert.domain.exchange import Endpoint, Exchange, Outcome
from shadowbert.domain.records import CallRow, VersionRow
from shadowbert.flow.collect import Collect
from shadowbert.store.store import Store
from shadowbert.testing.calls import a_call, a_known_call, answered, asked, texts
from shadowbert.testing.factories import SCHEMA, SYSTEM, TEACHER
from tests.flow.test_collect import AT, calls, founded, put, versions
from tests.flow.test_unrecognised import adds_up

COMPLAINT = {"role": "user", "content": "1 validation error: label. Correct your answer."}
TOOL = {"type": "function", "function": {"name": "label_it", "parameters": SCHEMA}}
TOOLS = {"response_format": None, "tools": [TOOL], "tool_choice": "required"}
CALLED = {"id": "c1", "type": "function", "function": {"name": "label_it", "arguments": '{"label":"loan"}'}}


@pytest.fixture
def collect(store: Store) -> Collect:
    """Once on each back end."""
    return Collect(store, lambda: AT)


def turns(text: str, *further: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}, *further]


def further(text: str, *said: dict[str, Any], label: str = "card", **body: Any) -> Exchange:
    given = {"received_at": AT + 1, **body.pop("given", {})}
    return a_call(text, label, request_body=asked(text, messages=turns(text, *said), **body), **given)


def complaint(text: str, label: str = "card", **given: Any) -> Exchange:
    said = {"role": "assistant", "content": '{"label":"loan"}'}
    return further(text, said, COMPLAINT, label=label, given=given)


def last(collect: Collect, version: VersionRow, count: int) -> list[CallRow]:
    return calls(collect, version)[-count:]


def strays(collect: Collect) -> int:
    with collect.ledger.read() as work:
        return sum(work.calls.stray_groups(at_least=1).values())


@pytest.mark.parametrize("together", [True, False])
def test_a_complaint_is_a_call_of_its_version_and_teaches_nothing(collect: Collect, together: bool) -> None:
    version = founded(collect)
    first = a_known_call(version.id, "what now", response_body=answered("loan"))
    batches = [[first, complaint("what now")]] if together else [[first], [complaint("what now")]]
    for batch in batches:
        put(collect, batch)
    asking, again = last(collect, version, 2)
    assert (asking.unfit, asking.eligible, asking.parent) == (Unfit.INVALID, True, None)
    assert (again.unfit, again.answer, again.eligible) == (Unfit.FEEDBACK, None, False)
    assert (again.parent, again.input, again.input_hash) == (first.id, "what now", asking.input_hash)
    assert strays(collect) == 0
    assert adds_up(collect, 22)
    with collect.ledger.read() as work:
        assert work.calls.examples(version.id) == 20
        assert work.calls.endings(version.id, 0) == {"invalid_against_schema": 1}


def test_the_call_that_was_complained_about_keeps_a_valid_label(collect: Collect) -> None:
    version = founded(collect)
    put(collect, [a_known_call(version.id, "what now", "card"), complaint("what now", "transfer")])
    assert [(row.answer, row.unfit) for row in last(collect, version, 2)] == [((1,), None), (None, Unfit.FEEDBACK)]


def test_a_complaint_without_an_assistants_turn_is_one(collect: Collect) -> None:
    """So does instructor with partial answers."""
    version = founded(collect)
    put(collect, [a_known_call(version.id, "what now"), further("what now", COMPLAINT, COMPLAINT)])
    assert last(collect, version, 1)[0].unfit == Unfit.FEEDBACK


def test_a_second_complaint_has_the_first_as_its_parent(collect: Collect) -> None:
    version = founded(collect)
    put(collect, [a_known_call(version.id, "what now"), complaint("what now")])
    put(collect, [complaint("what now", received_at=AT + 3)])
    first, second = last(collect, version, 2)
    assert second.parent == first.exchange_id


def test_examples_that_look_like_turns_found_a_version_of_their_own(collect: Collect) -> None:
    """Nobody asked about them before: they are no complaint about anything."""
    founded(collect)
    shown = {"role": "assistant", "content": '{"label":"card"}'}

    def shot(text: str) -> Exchange:
        messages = turns("An example of ours", shown, {"role": "user", "content": text})
        return a_call(text, request_body=asked(text, messages=messages))

    put(collect, [shot(text) for text in texts(20, about="a loan")])
    assert len(versions(collect)) == 2


def tool_call(text: str, *said: dict[str, Any], **given: Any) -> Exchange:
    body = asked(text, messages=turns(text, *said), **TOOLS)
    reply = answered("card", tool="label_it", finish="tool_calls")
    return a_call(text, request_body=body, response_body=reply, **given)


def test_a_complaint_by_way_of_a_tools_result_is_one_too(collect: Collect) -> None:
    put(collect, [tool_call(text) for text in texts(20)])
    (version,) = versions(collect)
    wrong = {"role": "assistant", "content": None, "tool_calls": [CALLED]}
    told = {"role": "tool", "tool_call_id": "c1", "content": "label: not one of"}
    again = tool_call(texts(1)[0], wrong, told, received_at=AT + 1)
    put(collect, [again])
    (row,) = last(collect, version, 1)
    assert (row.exchange_id, row.unfit, row.input, row.eligible) == (again.id, Unfit.FEEDBACK, texts(1)[0], False)
    assert row.parent == calls(collect, version)[0].exchange_id


def respond(text: str, *further: dict[str, Any], **given: Any) -> Exchange:
    form = {"type": "json_schema", "name": "banking_intent", "strict": True, "schema": SCHEMA}
    body = {
        "model": TEACHER,
        "instructions": SYSTEM,
        "input": [{"role": "user", "content": text}, *further],
        "text": {"format": form},
        "store": False,
    }
    said = [{"type": "output_text", "text": '{"label":"card"}', "annotations": []}]
    item = {"type": "message", "id": "m", "status": "completed", "role": "assistant", "content": said}
    reply = {"id": "r", "object": "response", "status": "completed", "model": TEACHER, "output": [item]}
    return a_call(
        text,
        request_body=orjson.dumps(body),
        response_body=orjson.dumps(reply),
        endpoint=Endpoint.RESPONSES,
        path="/v1/responses",
        **given,
    )


@pytest.mark.parametrize(
    "said",
    [
        ({"role": "assistant", "content": "loan"}, COMPLAINT),
        (
            {"type": "function_call", "name": "label_it", "arguments": "{}", "call_id": "c"},
            {"type": "function_call_output", "call_id": "c", "output": "wrong"},
        ),
    ],
)
def test_complaints_to_the_responses_api(collect: Collect, said: tuple[dict[str, Any], ...]) -> None:
    put(collect, [respond(text) for text in texts(20)])
    (version,) = versions(collect)
    put(collect, [respond(texts(1)[0], *said, received_at=AT + 1)])
    assert last(collect, version, 1)[0].unfit == Unfit.FEEDBACK


def test_a_retry_after_no_answer_teaches(collect: Collect) -> None:
    version = founded(collect)
    busy: dict[str, Any] = {"status": 429, "outcome": Outcome.UPSTREAM_ERROR, "response_body": b'{"error":{}}'}
    put(
        collect,
        [
            a_known_call(version.id, "what now", **busy),
            a_known_call(version.id, "what now", "transfer", retry_count=1, received_at=AT + 1),
            a_known_call(version.id, "what now", "card", retry_count=2, received_at=AT + 2),
        ],
    )
    first, second, third = last(collect, version, 3)
    assert (first.unfit, second.answer, second.unfit, third.unfit) == ("upstream_error", (2,), None, Unfit.RETRY)
    assert third.parent == second.exchange_id


def test_retries_found_a_version_and_do_not_count_twice(collect: Collect) -> None:
    put(collect, [a_call(t, retry_count=n, received_at=AT + n) for t in texts(20) for n in (1, 2)])
    (version,) = versions(collect)
    assert [row.unfit for row in calls(collect, version)] == [None, Unfit.RETRY] * 20


OTHER = {"type": "object", "properties": {"kind": SCHEMA["properties"]["label"]}, "required": ["kind"]}  # type: ignore[index]


def in_another_form(text: str, *, system: str = SYSTEM, **given: Any) -> Exchange:
    return a_call(
        text,
        request_body=asked(text, schema=OTHER, name="other_form", system=system),
        response_body=answered("", text='{"kind":"card"}'),
        **given,
    )


@pytest.mark.parametrize("known", [True, False])
def test_the_same_input_in_another_form_after_a_poor_answer_is_a_fallback(collect: Collect, known: bool) -> None:
    """Also where the other form founds its version later, and the call is taken in from the strays."""
    version, others = founded(collect), texts(20, about="a loan")
    poor = a_known_call(version.id, "what now", response_body=answered("mortgage"))
    again = in_another_form("what now", received_at=AT + 2)
    late = in_another_form("what now", received_at=AT + 500)
    rest = [in_another_form(text) for text in others]
    put(collect, [*rest, poor, again, late] if known else [poor, again, late, *rest])
    (other,) = [each for each in versions(collect) if each.id != version.id]
    rows = {row.exchange_id: row for row in calls(collect, other)}
    assert (rows[again.id].unfit, rows[again.id].answer, rows[again.id].parent) == (Unfit.FALLBACK, None, poor.id)
    assert rows[late.id].answer == (1,)
    with collect.ledger.read() as work:
        assert work.calls.examples(other.id) == 21


def test_a_poor_answer_to_another_question_about_the_same_text_costs_no_label(collect: Collect) -> None:
    """Two tasks look at each text, as pipelines do: where one is answered badly, the other is none the worse."""
    version = founded(collect)
    urgent = "How urgent is what follows? Take anything about stolen money as a card problem, all else as a transfer."
    put(collect, [in_another_form(text, system=urgent) for text in texts(20, about="a loan")])
    poor = a_known_call(version.id, "what now", response_body=answered("mortgage"))
    put(collect, [poor, in_another_form("what now", system=urgent, received_at=AT + 2)])
    (other,) = [each for each in versions(collect) if each.id != version.id]
    assert last(collect, version, 1)[0].unfit == Unfit.INVALID
    assert last(collect, other, 1)[0].answer == (1,)


def test_settling_after_a_crash_comes_to_the_same(collect: Collect) -> None:
    version = founded(collect)
    put(collect, [a_known_call(version.id, "what now"), complaint("what now")])
    before = calls(collect, version)
    with collect.ledger.write() as work:
        work.marks.set("collect", seq=0)
    put(collect, [])
    assert calls(collect, version) == before
    assert strays(collect) == 0
