"""Calls that ask for a list of labels and a free text: found, named and taught by what the LLM said."""

import json
from typing import Any

import pytest

from shadowbert.curation.outcome import Unfit
from shadowbert.domain.exchange import Exchange
from shadowbert.flow.collect import Collect
from shadowbert.store.store import Store
from shadowbert.testing.calls import a_call, answered, asked, texts
from tests.flow.test_collect import calls, put, versions

SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "reasoning": {"type": "string"},
        "topics": {"type": "array", "items": {"enum": ["card", "loan"]}, "maxItems": 2, "uniqueItems": True},
    },
    "required": ["reasoning", "topics"],
    "additionalProperties": False,
}


def said(text: str, *, reasoning: Any = "It says so.", topics: Any = ("loan",)) -> Exchange:
    reply = answered("", text=json.dumps({"reasoning": reasoning, "topics": topics}))
    return a_call(text, request_body=asked(text, schema=SCHEMA, name="response"), response_body=reply)


@pytest.fixture
def collect(sqlite_store: Store) -> Collect:
    collect = Collect(sqlite_store, lambda: 1_760_000_000.0)
    put(collect, [said(text) for text in texts(20)])
    return collect


def test_a_task_is_found_on_what_can_be_learnt(collect: Collect) -> None:
    (version,) = versions(collect)
    assert version.task == "topics"
    assert [field.name for field in version.contract.fields] == ["topics[card]", "topics[loan]"]
    assert [part.name for part in version.unfilled] == ["reasoning"]
    assert {row.answer for row in calls(collect, version)} == {(0, 1)}


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ({"topics": ["loan", "card"]}, (1, 1)),
        ({"topics": [], "reasoning": ""}, (0, 0)),
        ({"topics": ["card", "card"]}, None),
        ({"topics": ["pin"]}, None),
        ({"reasoning": None}, None),
    ],
)
def test_an_answer_teaches_if_all_of_it_is_valid(
    collect: Collect, reply: dict[str, object], answer: tuple[int, ...] | None
) -> None:
    put(collect, [said("one more", **reply)])
    row = calls(collect, versions(collect)[0])[-1]
    assert (row.answer, row.unfit) == (answer, None if answer else Unfit.INVALID.value)
