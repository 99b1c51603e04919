import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.template import Message
from shadowbert.wire.prose import MAX_CHARS, schema_in_prose
from shadowbert.wire.tolerant import MAX_FAILURES
from tests.wire.requests import SCHEMA, in_prose, nested

OTHER = {**SCHEMA, "title": "Other"}
COMPACT = json.dumps(SCHEMA, separators=(",", ":"))


def found(*messages: tuple[str, str]) -> dict[str, object] | None:
    return schema_in_prose(tuple(Message(role, text) for role, text in messages))


@pytest.mark.parametrize("role", ["system", "developer", "instructions", "user"])
@pytest.mark.parametrize(
    "text",
    [
        COMPACT,
        in_prose(SCHEMA),
        f"Answer with a JSON object that's compatible with this schema:\n\n{COMPACT}\n\nNo Markdown.",
        f'Say {{label}}, for 5" screens {{"label": "spam"|"ham"}}, as this {{ says: {COMPACT}',
        f'One answer is {{"label": "spam"}}. {COMPACT}{COMPACT} ' + '{"label": "ham"}',
        "{ " * 200 + COMPACT,
    ],
)
def test_a_schema_is_found_in_any_prose(role: str, text: str) -> None:
    assert found((role, text), ("user", "Win a prize")) == SCHEMA


def test_definitions_make_a_schema_too() -> None:
    schema = {"$defs": {"A": {"enum": ["a", "b"]}}, "$ref": "#/$defs/A"}
    assert found(("system", json.dumps(schema))) == schema


@pytest.mark.parametrize(
    "text",
    [
        "Is it spam?",
        '"properties" and "$defs" are words',
        '{"properties": {"label": {}}}',
        '{"type": "object", "properties": []}',
        '{"type": ["object"], "properties": {}, "$defs": null}',
        '{"arguments": ' + COMPACT + "}",
        json.dumps(COMPACT),
        COMPACT[:-1],
        COMPACT.replace("spam", "\ud800"),
        COMPACT.replace('["spam"', "[NaN"),
        COMPACT.replace('["spam"', "[1e999"),
    ],
)
def test_other_texts_hold_none(text: str) -> None:
    assert found(("system", text), ("user", text)) is None


def test_two_schemas_are_none() -> None:
    both = json.dumps(SCHEMA) + json.dumps(OTHER)
    assert found(("system", both)) is None
    assert found(("user", both)) is None
    assert found(("system", json.dumps(SCHEMA)), ("developer", json.dumps(OTHER))) is None


def test_what_the_instructions_state_no_input_unsays() -> None:
    assert found(("system", in_prose(SCHEMA)), ("user", json.dumps(OTHER))) == SCHEMA
    assert found(("assistant", json.dumps(OTHER)), ("user", in_prose(SCHEMA))) == SCHEMA
    assert found(("assistant", json.dumps(OTHER))) is None


def test_the_search_is_bounded() -> None:
    assert found(("system", COMPACT + " " * (MAX_CHARS - len(COMPACT)))) == SCHEMA
    assert found(("system", COMPACT + " " * MAX_CHARS)) is None
    broken = '{"a"'
    assert found(("system", broken * (MAX_FAILURES - 1) + COMPACT)) == SCHEMA
    assert found(("system", broken * MAX_FAILURES + COMPACT)) is None


@pytest.mark.parametrize("levels", [500, 5_000])
def test_deep_objects_do_not_raise(levels: int) -> None:
    deep = "[" * levels + "]" * levels
    found(("system", f'{{"type": "object", "properties": {{"a": {deep}}}}}'))
    assert found(("system", '{"properties": {"a": ' * levels)) is None
    assert found(("system", json.dumps(nested(200)) + '{"$defs": {}}')) == {"$defs": {}}


TOKENS = st.sampled_from(
    ['{"', "{", "}", '"', "[", ":", ",", " ", "\n", '"properties"', '"$defs"', '"type": "object"', "1"]
)


@given(st.lists(TOKENS | st.just(COMPACT) | st.text(max_size=5), max_size=60).map("".join))
def test_no_text_raises(text: str) -> None:
    schema = found(("user", text))
    assert schema is None or "properties" in schema or "$defs" in schema
    assert found(("system", COMPACT), ("user", text)) == SCHEMA
