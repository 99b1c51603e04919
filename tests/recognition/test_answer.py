import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.manner import Manner
from shadowbert.recognition.answer import (
    LAYOUTS,
    PLAIN,
    Piece,
    manner_of,
    read_answer,
    text_of,
    unfenced,
    write_answer,
)
from shadowbert.recognition.contract import read_contract

SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "topic": {"enum": ["bug", 'the "other"', "très bon", ""]},
        "inner": {"type": "object", "properties": {"sure": {"type": "boolean"}}, "required": ["sure"]},
        "level": {"enum": [1, 2, None]},
        "note": {"enum": ["x"]},
    },
    "required": ["topic", "inner", "level"],
}
OPEN = Contract((Field((), ("ham", "spam"), open=True),), "i1:test")

FRAMES = [("", ""), ("\n", " "), ("```json\n", "\n```"), ("\n```\n", "\n```\n")]
manners = st.builds(
    lambda layout, escaped, frame: replace(layout, escaped=escaped, before=frame[0], after=frame[1]),
    st.sampled_from(LAYOUTS),
    st.booleans(),
    st.sampled_from(FRAMES),
)


def contract() -> Contract:
    read = read_contract(SCHEMA)
    assert read is not None
    return read


@given(st.data(), manners)
def test_what_is_written_is_read_back_whatever_the_manner(data: st.DataObject, manner: Manner) -> None:
    answer = tuple(data.draw(st.integers(0, field.classes - 1)) for field in contract().fields)
    pieces = write_answer(SCHEMA, contract(), answer, manner)
    assert pieces is not None
    assert read_answer(SCHEMA, contract(), unfenced(text_of(pieces))) == answer
    seen = manner_of(contract(), text_of(pieces), None)
    assert seen is not None
    again = write_answer(SCHEMA, contract(), answer, seen)
    assert again is not None
    assert text_of(again) == text_of(pieces)


@given(st.data(), manners)
def test_each_label_is_a_piece_of_its_own(data: st.DataObject, manner: Manner) -> None:
    fields = contract().fields
    answer = tuple(data.draw(st.integers(0, field.classes - 1)) for field in fields)
    pieces = write_answer(SCHEMA, contract(), answer, manner) or []
    named = {piece.field: piece.text for piece in pieces if piece.field is not None}
    said = {
        i: f.labels[index] for i, (f, index) in enumerate(zip(fields, answer, strict=True)) if index < len(f.labels)
    }
    assert named.keys() == said.keys()
    for i, label in said.items():
        quoted = f'"{named[i]}"' if isinstance(label, str) else named[i]
        assert json.loads(quoted) == label
    assert not any(one.field is None and two.field is None for one, two in pairwise(pieces))


def test_the_default_is_compact_json_in_the_schemas_order() -> None:
    pieces = write_answer(SCHEMA, contract(), (1, 2, 0, 3), PLAIN)
    assert text_of(pieces or ()) == '{"topic":"très bon","inner":{"sure":true},"level":null,"note":"x"}'


def test_a_bare_label_is_the_whole_text() -> None:
    assert write_answer({}, OPEN, (1,)) == [Piece("spam", 0)]
    assert read_answer({}, OPEN, " spam\n") == (1,)
    assert read_answer({}, replace(OPEN, fields=(Field((), ("ham", "spam")),)), "eggs") is None


def test_something_else_is_read_and_never_written() -> None:
    assert read_answer({}, OPEN, "eggs") == (2,)
    assert write_answer({}, OPEN, (2,)) is None


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        ('Sure!\n```\n{"a": 1}\n```\n', '{"a": 1}'),
        ('{"a": "```"}', '{"a": "```"}'),
        ("```json\nno object\n```", "```json\nno object\n```"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_a_fence_is_taken_off_an_object_only(text: str, inner: str) -> None:
    assert unfenced(text) == inner


@given(st.text())
def test_nothing_that_a_teacher_says_raises(text: str) -> None:
    read_answer(SCHEMA, contract(), text)
    read_answer({}, OPEN, text)
    manner_of(contract(), text, "stop")
    manner_of(OPEN, text, "stop")
    manner_of(contract(), "```json" + text + "```", None)


@pytest.mark.parametrize(
    "text",
    ['Jane Roe (jane@x.com) writes:\n```json\n{"topic":"bug"}\n```', '{"topic":  "bug"}', "bug", ""],
)
def test_what_cannot_be_said_to_other_callers_is_no_manner(text: str) -> None:
    assert manner_of(contract(), text, "stop") is None


def test_white_space_around_a_bare_label_is_its_manner() -> None:
    manner = manner_of(OPEN, "\n spam ", "stop")
    assert manner == Manner("stop", before="\n ", after=" ")
    assert text_of(write_answer({}, OPEN, (1,), manner) or ()) == "\n spam "
