"""What collect founds, and where calls land, after an operator arranged the tasks."""

from typing import Any

import pytest

from shadowbert.domain.contract import Fill
from shadowbert.domain.exchange import Exchange
from shadowbert.domain.task import Policy
from shadowbert.flow.arrange import Arrange
from shadowbert.flow.collect import Collect
from shadowbert.flow.operate import Operate, Operator
from shadowbert.store.store import Store
from shadowbert.testing.calls import a_call, answered, asked, texts
from shadowbert.testing.factories import SCHEMA
from tests.flow.test_collect import AT, calls, put, versions, with_labels

MARIA = Operator("maria")
FREE = {**SCHEMA, "properties": {**SCHEMA["properties"], "reason": {"type": "string"}}}  # type: ignore[dict-item]


@pytest.fixture
def collect(sqlite_store: Store) -> Collect:
    return Collect(sqlite_store, lambda: AT)


@pytest.fixture
def arrange(sqlite_store: Store) -> Arrange:
    return Arrange(sqlite_store, lambda: AT)


def named(text: str, task: str | None = "triage", **changes: Any) -> Exchange:
    return a_call(text, request_body=asked(text, **changes), explicit_task=task)


def test_a_former_name_is_recognised_and_founds_its_sibling_in_the_renamed_task(
    collect: Collect, arrange: Arrange
) -> None:
    put(collect, [named(text) for text in texts(20)])
    arrange.rename("triage", MARIA, "sorting")
    put(collect, [named("one more")])
    put(collect, [named(text, model="gpt-5-mini") for text in texts(20, about="a loan")])
    first, second = versions(collect)
    assert {v.task for v in (first, second)} == {"sorting"}
    assert (first.task_id, len(calls(collect, first)), len(calls(collect, second))) == (second.task_id, 21, 20)
    assert second.former == ("triage",)


@pytest.mark.parametrize("first", ["sorting", "other"])
def test_the_version_of_the_task_that_was_called_so_is_preferred(
    first: str, collect: Collect, arrange: Arrange
) -> None:
    """Two tasks of one contract and one skeleton, told apart by their explicit names alone."""
    put(collect, [named(text, task) for task in ("triage", "other") for text in texts(20)])
    arrange.rename("triage", MARIA, "sorting")
    if first == "other":
        arrange.rename("other", MARIA, "triage")
    put(collect, [named("whose is this", "triage")])
    counts = {version.task: len(calls(collect, version)) for version in versions(collect)}
    assert counts == ({"sorting": 21, "other": 20} if first == "sorting" else {"sorting": 20, "triage": 21})


def test_a_task_found_by_itself_takes_nobodys_former_name(collect: Collect, arrange: Arrange) -> None:
    put(collect, [a_call(text) for text in texts(20)])
    arrange.rename("banking-intent", MARIA, "bank")
    schema = with_labels("calm", "angry")
    put(collect, [a_call(text, "calm", request_body=asked(text, schema=schema)) for text in texts(20)])
    assert [version.task for version in versions(collect)] == ["bank", "banking-intent-2"]


@pytest.mark.parametrize("task", [None, "triage", "sorting"])
def test_a_pinned_task_has_no_further_version(task: str | None, collect: Collect, arrange: Arrange) -> None:
    put(collect, [named(text) for text in texts(20)])
    arrange.rename("triage", MARIA, "sorting")
    arrange.pin("sorting", MARIA)
    put(collect, [named(text, task, model="gpt-5-mini") for text in texts(30, about="a loan")])
    (version,) = versions(collect)
    put(collect, [named("a call that matches", "sorting")])
    assert len(calls(collect, version)) == 21
    arrange.unpin("triage", MARIA)
    put(collect, [named(text, task, model="gpt-5-mini") for text in texts(30, about="a house")])
    assert {v.task for v in versions(collect)} == {"sorting"}
    assert len(versions(collect)) == 2


def test_a_new_version_takes_over_what_operators_filled_in(collect: Collect, sqlite_store: Store) -> None:
    required = [*SCHEMA["required"], "reason"]  # type: ignore[misc]
    operate = Operate(sqlite_store, Policy(), lambda: AT)

    def told(about: str, model: str, schema: dict[str, object]) -> list[Exchange]:
        return [
            a_call(
                text,
                request_body=asked(text, schema=schema, model=model),
                response_body=answered("", text='{"label":"card","reason":"so"}'),
            )
            for text in texts(20, about=about)
        ]

    put(collect, told("my card", "gpt-4o", FREE))
    operate.fill("banking-intent", MARIA, "reason", Fill(omitted=True))
    put(collect, told("a loan", "gpt-5", FREE))
    put(collect, told("a house", "gpt-6", {**FREE, "required": required}))
    first, second, third = versions(collect)
    assert len({v.task for v in (first, second, third)}) == 1
    assert (first.fills, second.fills) == ({"reason": Fill(omitted=True)},) * 2
    assert third.fills == {}, "what must be said is not left out"
