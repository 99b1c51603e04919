import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.demo.dataset import Dataset, Message, same
from shadowbert.recognition.contract import read_contract
from shadowbert.recognition.validate import valid
from tests.demo.examples import COLOURS

label = st.one_of(st.text(max_size=8), st.booleans(), st.integers(-5, 5), st.none())
labels = st.lists(label, min_size=2, max_size=6, unique_by=json.dumps)


def test_schema_is_a_closed_set_with_the_given_labels() -> None:
    contract = read_contract(COLOURS.schema)
    assert contract is not None
    assert {field.name: set(field.labels) for field in contract.fields} == {
        "colour": {"blue", "red"},
        "dark": {False, True},
    }


@given(labels)
def test_any_labels_make_a_contract_that_accepts_each_of_them(values: list[str | bool | int | None]) -> None:
    dataset = Dataset("any", "Say it.", {"field": tuple(values)}, ())
    contract = read_contract(dataset.schema)
    assert contract is not None
    assert all(contract.fields[0].index(value) is not None for value in values)


def test_answers_follow_the_schema() -> None:
    assert valid(COLOURS.schema, '{"colour": "red", "dark": false}')
    assert not valid(COLOURS.schema, '{"colour": "green", "dark": false}')
    assert not valid(COLOURS.schema, '{"colour": "red"}')


@pytest.mark.parametrize("content", ['{"a": 1}', '{"a": true, "b": 1}', "{}", "", "[", "null"])
def test_another_answer_is_not_the_same(content: str) -> None:
    assert not same({"a": True}, content)


def test_order_and_spaces_do_not_matter() -> None:
    assert same({"a": True, "b": "x"}, ' {"b":"x",  "a":true}')


def test_answers_are_found_by_text() -> None:
    dataset = Dataset("one", "Say it.", {"a": ("x", "y")}, (Message("hello", {"a": "x"}),))
    assert dataset.answers == {"hello": {"a": "x"}}
