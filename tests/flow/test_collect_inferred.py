"""Tasks whose contract no request states: found from the teacher's answers, in whatever manner it writes them."""

import json
from typing import Any

import pytest

from shadowbert.domain.exchange import Endpoint, Exchange
from shadowbert.domain.manner import Manner
from shadowbert.domain.records import VersionRow
from shadowbert.flow.collect import Collect
from shadowbert.flow.form import form_of
from shadowbert.store.store import Store
from shadowbert.testing.calls import SERVED, a_call, a_known_call, answered, asked, texts
from shadowbert.testing.factories import SCHEMA
from shadowbert.wire.endpoints import read_request
from tests.flow.test_collect import AT, calls, put, versions

LABELS = ("account", "card")
JSON_MODE = {"type": "json_object"}


@pytest.fixture
def collect(sqlite_store: Store) -> Collect:
    return Collect(sqlite_store, lambda: AT)


def form(body: bytes, version: VersionRow, label: int = 0) -> str:
    request = read_request(Endpoint.CHAT, body)
    assert request is not None
    return form_of(request, version.contract, (label,) * len(version.contract.fields))


def free(text: str, said: str, *, finish: str = "stop", **ask: Any) -> Exchange:
    body = asked(text, **{"response_format": None, **ask})
    return a_call(text, request_body=body, response_body=answered("", text=said, finish=finish))


def revision(collect: Collect) -> int:
    with collect.ledger.read() as work:
        return work.mirror.revision()


def one(collect: Collect) -> VersionRow:
    (version,) = versions(collect)
    return version


def test_one_word_answers_make_a_task_that_waits_for_a_person(collect: Collect) -> None:
    put(collect, [free(text, LABELS[n % 2]) for n, text in enumerate(texts(24))])
    version = one(collect)
    assert version.contract.fields[0].labels == LABELS
    assert version.contract.inferred
    assert not version.confirmed
    put(collect, [free("what now", "card"), free("what then", "mortgage")])
    known, unknown = calls(collect, version)[-2:]
    assert (known.answer, known.input) == ((1,), "what now")
    assert unknown.answer == (2,), "something else: a student that says anything disagrees with it"


def test_a_token_limit_that_cuts_after_the_label_cuts_nothing(collect: Collect) -> None:
    put(collect, [free(t, LABELS[n % 2], max_tokens=1, finish="length") for n, t in enumerate(texts(24))])
    version = one(collect)
    put(collect, [free("what now", "card", max_tokens=1, finish="length"), free("and now", "card", max_tokens=9)])
    rows = calls(collect, version)
    assert rows[-1].input == "what now", "another limit lets other answers through: not this version"
    assert (rows[-1].answer, rows[-1].envelope["finish_reason"]) == ((1,), "length")
    cut = form(asked("x", response_format=None, max_tokens=1), version, 1)
    assert one(collect).manners[cut].finish_reason == "length"


def test_json_of_one_shape_makes_a_task(collect: Collect) -> None:
    said = '{"topic": "%s", "urgent": false}'
    put(collect, [free(t, said % LABELS[n % 2], response_format=JSON_MODE) for n, t in enumerate(texts(24))])
    version = one(collect)
    assert [field.path for field in version.contract.fields] == [("topic",), ("urgent",)]
    assert version.schema is not None
    assert version.manners == {form(asked("x", response_format=JSON_MODE), version): Manner("stop", spaced=True)}


def test_prose_makes_no_task(collect: Collect) -> None:
    put(collect, [free(text, f"You asked: {text}. Here is what I think.") for text in texts(40)])
    assert versions(collect) == []


def test_a_code_fence_is_the_teachers_manner(collect: Collect) -> None:
    said = '```json\n{"label": "card"}\n```'
    other = '```json\n{"label": "account"}\n```'
    put(collect, [free(text, (said, other)[n % 2]) for n, text in enumerate(texts(24))])
    (manner,) = one(collect).manners.values()
    assert (manner.before, manner.after, manner.spaced) == ("```json\n", "\n```", True)
    before = revision(collect)
    put(collect, [free("one of its own", 'Jane Roe (jane@x.com) writes:\n```json\n{"label": "card"}\n```')])
    put(collect, [free("another", '{"label":"card"}')])
    assert one(collect).manners == {form(asked("x", response_format=None), one(collect)): manner}
    assert calls(collect, one(collect))[-2].answer == (1,), "a label all the same"
    assert revision(collect) == before, "no web process has to look again"


def test_the_envelope_of_a_reply_is_kept(collect: Collect) -> None:
    put(collect, [a_call(text) for text in texts(20)])
    (row, *_) = calls(collect, one(collect))
    assert row.envelope["transport"] == "content"
    assert row.envelope["finish_reason"] == "stop"
    assert row.envelope["prompt_tokens"] == 40
    assert row.envelope["system_fingerprint"]


def test_azure_names_the_teacher_in_the_path(collect: Collect) -> None:
    put(collect, [a_call(t, request_body=asked(t, model=None), deployment="prod-4o") for t in texts(20)])
    assert one(collect).teacher == "prod-4o"


def test_a_model_of_another_upstream_is_another_teacher(collect: Collect) -> None:
    put(collect, [a_call(text, upstream=upstream) for text in texts(20) for upstream in ("", "local")])
    assert {version.teacher for version in versions(collect)} == {
        "gpt-4o-2024-08-06",
        "@local/gpt-4o-2024-08-06",
    }


TOOL: dict[str, Any] = {
    "response_format": None,
    "tools": [{"type": "function", "function": {"name": "file_it", "parameters": SCHEMA}}],
}


def called(label: str, *, tool: str = "file_it") -> bytes:
    call = {"id": "c", "type": "function", "function": {"name": tool, "arguments": json.dumps({"label": label})}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}).encode()


def test_a_tool_that_need_not_be_called_makes_a_version_of_its_own(collect: Collect) -> None:
    """Who answers in words, or calls another tool, says something else than any student would."""
    forced = {"type": "function", "function": {"name": "file_it"}}
    for choice in (forced, None):
        ask = {**TOOL, "tool_choice": choice}
        put(collect, [a_call(t, request_body=asked(t, **ask), response_body=called("card")) for t in texts(20)])
    must, may = versions(collect)
    assert (must.contract.hash != may.contract.hash, may.contract.inferred, may.confirmed) == (True, False, True)
    body = asked("what now", **TOOL)
    put(collect, [a_call("w", request_body=body, response_body=answered("card"))])
    put(collect, [a_call("w", request_body=body, response_body=called("card", tool="final"))])
    put(collect, [a_call("w", request_body=body, response_body=called("card"))])
    assert [row.answer for row in calls(collect, may)[-3:]] == [(3,), (3,), (1,)]
    put(collect, [a_call("w", request_body=asked("w", **TOOL, tool_choice=forced), response_body=answered("card"))])
    assert calls(collect, must)[-1].unfit == "invalid_against_schema"


def test_a_cut_word_that_is_no_label_is_something_else(collect: Collect) -> None:
    put(collect, [free(t, LABELS[n % 2], max_tokens=1, finish="length") for n, t in enumerate(texts(24))])
    put(collect, [free("what now", "mort", max_tokens=1, finish="length")])
    assert calls(collect, one(collect))[-1].answer == (2,)


def test_json_mode_and_plain_text_with_one_schema_in_the_prompt_are_two_versions(collect: Collect) -> None:
    system = f"Answer in JSON that follows this schema: {json.dumps(SCHEMA)}"
    for form_of_answer in (None, JSON_MODE):
        calls_ = [free(t, '{"label": "card"}', response_format=form_of_answer, system=system) for t in texts(20)]
        put(collect, calls_)
    assert len(versions(collect)) == 2


def test_replies_without_a_model_show_their_manner_too(collect: Collect) -> None:
    said = {"choices": [{"index": 0, "message": {"content": '{"label": "card"}'}, "finish_reason": "stop"}]}
    put(collect, [a_call(text, response_body=json.dumps(said).encode()) for text in texts(20)])
    assert [manner.spaced for manner in one(collect).manners.values()] == [True]
    assert one(collect).reply_model is None


def test_a_students_hand_is_not_the_teachers(collect: Collect) -> None:
    put(collect, [a_call(text) for text in texts(20)])
    version = one(collect)
    put(collect, [a_known_call(version.id, "a", route=SERVED, response_body=answered("card", model="an old name"))])
    assert one(collect).reply_model == version.reply_model


def test_an_answer_as_deep_as_it_is_long_stops_nothing(collect: Collect) -> None:
    deep = '{"a":' * 600 + "1" + "}" * 600
    put(collect, [free(text, deep, response_format=JSON_MODE) for text in texts(40)])
    put(collect, [a_call(text) for text in texts(20)])
    assert [version.contract.inferred for version in versions(collect)] == [False]
