"""Tasks whose contract no request states: found from the teacher's answers, in whatever manner it writes them."""

from typing import Any

import pytest

from shadowbert.domain.exchange import Endpoint, Exchange
from shadowbert.domain.manner import Manner
from shadowbert.domain.records import VersionRow
from shadowbert.flow.collect import Collect
from shadowbert.flow.form import form_of
from shadowbert.store.store import Store
from shadowbert.testing.calls import a_call, answered, asked, texts
from shadowbert.wire.endpoints import read_request
from tests.flow.test_collect import AT, calls, put, versions

LABELS = ("account", "card")
JSON_MODE = {"type": "json_object"}


@pytest.fixture
def collect(sqlite_store: Store) -> Collect:
    return Collect(sqlite_store, lambda: AT)


def form(body: bytes) -> str:
    request = read_request(Endpoint.CHAT, body)
    assert request is not None
    return form_of(request)


def free(text: str, said: str, *, finish: str = "stop", **ask: Any) -> Exchange:
    body = asked(text, **{"response_format": None, **ask})
    return a_call(text, request_body=body, response_body=answered("", text=said, finish=finish))


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
    assert one(collect).manners[form(asked("x", response_format=None, max_tokens=1))].finish_reason == "length"


def test_json_of_one_shape_makes_a_task(collect: Collect) -> None:
    said = '{"topic": "%s", "urgent": false}'
    put(collect, [free(t, said % LABELS[n % 2], response_format=JSON_MODE) for n, t in enumerate(texts(24))])
    version = one(collect)
    assert [field.path for field in version.contract.fields] == [("topic",), ("urgent",)]
    assert version.schema is not None
    assert version.manners == {form(asked("x", response_format=JSON_MODE)): Manner("stop", spaced=True)}


def test_prose_makes_no_task(collect: Collect) -> None:
    put(collect, [free(text, f"You asked: {text}. Here is what I think.") for text in texts(40)])
    assert versions(collect) == []


def test_a_code_fence_is_the_teachers_manner(collect: Collect) -> None:
    said = '```json\n{"label": "card"}\n```'
    other = '```json\n{"label": "account"}\n```'
    put(collect, [free(text, (said, other)[n % 2]) for n, text in enumerate(texts(24))])
    (manner,) = one(collect).manners.values()
    assert (manner.before, manner.after, manner.spaced) == ("```json\n", "\n```", True)


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
        "local/gpt-4o-2024-08-06",
    }
