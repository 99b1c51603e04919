from collections import defaultdict

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.contract import Contract
from shadowbert.domain.exchange import Endpoint
from shadowbert.recognition.answer import read_answer, text_of, write_answer
from shadowbert.recognition.contract import MAX_FIELDS, read_contract
from shadowbert.recognition.validate import valid
from shadowbert.wire.endpoints import read_request
from tests.recognition.spelling import Tree, spelled, trees
from tests.wire.captured import body, entries
from tests.wire.requests import json_values

SCHEMA = {
    "properties": {
        "topic": {"enum": ["billing", "bug"]},
        "inner": {"properties": {"sure": {"type": "boolean"}}, "required": ["sure"]},
        "level": {"enum": [2, 1, None]},
        "note": {"enum": ["très bon", "中立"]},
    },
    "required": ["topic", "inner", "level"],
}


def contract(schema: dict[str, object]) -> Contract:
    read = read_contract(schema)
    assert read is not None
    return read


def test_fields_and_labels_are_in_canonical_order() -> None:
    read = contract(SCHEMA)
    assert [(field.name, field.labels, field.required) for field in read.fields] == [
        ("inner.sure", (False, True), True),
        ("level", (1, 2, None), True),
        ("note", ("très bon", "中立"), False),
        ("topic", ("billing", "bug"), True),
    ]
    assert Contract.from_json(orjson.loads(orjson.dumps(read.to_json()))) == read


def test_a_hash_is_kept_for_good() -> None:
    """Stores and artifacts hold it: a changed hash orphans every version."""
    assert contract(SCHEMA).hash == "c1:6ab18f8550443decf53e376587e2e158"


@given(st.data(), trees())
def test_spelling_makes_no_difference(data: st.DataObject, tree: Tree) -> None:
    one, two = data.draw(spelled(tree)), data.draw(spelled(tree))
    assert contract(one) == contract(two)


@given(st.data(), trees())
def test_answers_are_written_and_read_back(data: st.DataObject, tree: Tree) -> None:
    schema = data.draw(spelled(tree))
    read = contract(schema)
    answer = tuple(data.draw(st.integers(0, field.classes - 1)) for field in read.fields)
    text = text_of(write_answer(schema, read, answer) or ())
    assert read_answer(schema, read, text) == answer
    assert valid(schema, text)


def test_an_answer_follows_the_schemas_own_order() -> None:
    text = text_of(write_answer(SCHEMA, contract(SCHEMA), (1, 2, 0, 0)) or ())
    assert text == '{"topic":"billing","inner":{"sure":true},"level":null,"note":"très bon"}'


def test_an_optional_field_may_be_left_out() -> None:
    read = contract(SCHEMA)
    text = text_of(write_answer(SCHEMA, read, (0, 0, 2, 1)) or ())
    assert text == '{"topic":"bug","inner":{"sure":false},"level":1}'
    assert read_answer(SCHEMA, read, text) == (0, 0, 2, 1)


@pytest.mark.parametrize(
    "text",
    [
        '{"topic":"bug","inner":{"sure":true}}',
        '{"topic":"bug","inner":{"sure":true},"level":1,"extra":1}',
        '{"topic":"bug","inner":{"sure":true,"extra":null},"level":1}',
        '{"topic":"other","inner":{"sure":true},"level":1}',
        '{"topic":"Bug","inner":{"sure":true},"level":1}',
        '{"topic":["bug"],"inner":{"sure":true},"level":1}',
        '{"topic":"bug","inner":{"sure":1},"level":1}',
        '{"topic":"bug","inner":{"sure":"true"},"level":1}',
        '{"topic":"bug","inner":{"sure":true},"level":true}',
        '{"topic":"bug","inner":{"sure":true},"level":1.0}',
        '{"topic":"bug","inner":{"sure":true},"level":"1"}',
        '{"topic":"bug","inner":true,"level":1}',
        '{"topic":"bug","level":1}',
        '{"topic":"bug","inner":{"sure":true},"level":1,"note":null}',
        '```json\n{"topic":"bug","inner":{"sure":true},"level":1}\n```',
        '["bug"]',
        "bug",
        "",
    ],
)
def test_other_answers_are_refused(text: str) -> None:
    read = contract(SCHEMA)
    assert read_answer(SCHEMA, read, '{"level":1,"topic":"bug","inner":{"sure":true}}') == (1, 0, 2, 1)
    assert read_answer(SCHEMA, read, text) is None


@given(st.text() | json_values().map(lambda value: orjson.dumps(value).decode()))
def test_no_text_raises(text: str) -> None:
    assert read_answer(SCHEMA, contract(SCHEMA), text) is None


def test_nothing_to_choose_is_no_contract() -> None:
    only = {"properties": {"a": {"const": "x"}}, "required": ["a"]}
    assert read_contract(only) is None
    assert read_contract({**only, "required": []}) is not None  # said or left out
    both = {"properties": {"a": {"const": "x"}, "b": {"type": "boolean"}}, "required": ["a", "b"]}
    assert [field.classes for field in contract(both).fields] == [1, 2]


@pytest.mark.parametrize("label", ["\ud800", 2**70])
def test_labels_that_json_cannot_say_are_no_contract(label: object) -> None:
    assert read_contract({"properties": {"a": {"enum": [label, "b"]}}, "required": ["a"]}) is None


def test_too_many_fields_are_no_contract() -> None:
    def wide(n: int) -> dict[str, object]:
        names = [f"f{i}" for i in range(n)]
        return {"properties": {name: {"type": "boolean"} for name in names}, "required": names}

    assert len(contract(wide(MAX_FIELDS)).fields) == MAX_FIELDS
    assert read_contract(wide(MAX_FIELDS + 1)) is None


def test_names_that_would_read_the_same_are_no_contract() -> None:
    flag = {"type": "boolean"}
    inner = {"properties": {"b": flag}, "required": ["b"]}
    assert read_contract({"properties": {"a.b": flag, "a": inner}, "required": ["a", "a.b"]}) is None


@given(st.dictionaries(st.text(max_size=4), json_values()))
def test_any_object_is_a_contract_or_none(schema: dict[str, object]) -> None:
    assert read_contract(schema) is None or "properties" in schema


def test_captured_requests_share_a_contract_where_they_share_a_canonical_schema() -> None:
    hashes = defaultdict(set)
    for entry in entries():
        request = read_request(Endpoint.CHAT, body(str(entry["file"])))
        if request is not None and request.output is not None and entry["canonical_schema"] is not None:
            read = read_contract(request.output.schema)
            hashes[entry["canonical_schema"]].add(None if read is None else read.hash)
    multi = hashes["dde3d6c2"]
    assert len(multi) == 1
    assert None not in multi
    assert all(len(found) == 1 for found in hashes.values())
    known = [found for (found,) in hashes.values() if found is not None]
    assert len(known) == len(set(known)) >= 15


@pytest.mark.parametrize("case", ["MBatch", "MOneEnum"])
def test_captured_outputs_without_a_choice_are_no_contract(case: str) -> None:
    request = read_request(Endpoint.CHAT, body(f"oai3-chat-parse-{case}.json"))
    assert request is not None
    assert request.output is not None
    assert read_contract(request.output.schema) is None
