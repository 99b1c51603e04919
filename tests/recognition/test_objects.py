"""JSON objects by structure: constants, slots by path, optional keys, and maps that are no forms."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.template import ObjectShape
from shadowbert.recognition.objects import read_object, read_slots, shape_of, spans


def test_constants_are_shape_and_what_varies_is_a_slot() -> None:
    samples = [{"task": "label it", "at": {"channel": c}, "body": b} for c, b in (("sms", "x"), ("mail", "y"))]
    shape = ObjectShape((("task", "label it"), ("at", ObjectShape((("channel", None),))), ("body", None)))
    assert shape_of(samples) == shape
    assert shape.slots == 2


@pytest.mark.parametrize("value", [True, 7, None, 2.5, [1], "2025-11-05", "id 1762336800"])
def test_data_is_a_slot_though_all_samples_agree(value: object) -> None:
    assert shape_of([{"about": value}] * 3) == ObjectShape((("about", None),))


def test_a_key_that_some_leave_out_is_optional() -> None:
    shape = shape_of([{"a": "x"}, {"a": "x", "b": "y"}, {"b": "y", "a": "x"}])
    assert shape == ObjectShape((("a", "x"), ("b", None)), ("b",))
    slots: list[str] = []
    assert read_slots(shape, {"a": "x"}, slots)
    assert slots == [""]


def test_a_map_is_no_form() -> None:
    assert shape_of([{f"user {n}": "x"} for n in range(20)]) is None
    assert shape_of([{"users": {f"user {n}": "x"}} for n in range(20)]) == ObjectShape((("users", None),))
    assert shape_of([{}, {}]) is None


def test_objects_are_found_inside_a_text() -> None:
    text = 'one {"a": {"b": 1}} two {broken {"c": "}"} three { }'
    assert [text[start:end] for start, end in spans(text)] == ['{"a": {"b": 1}}', '{"c": "}"}']
    assert spans('{"' * 500) == []


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(max_size=2), values, min_size=1, max_size=4)


@given(st.lists(objects, min_size=2, max_size=5))
def test_a_shape_reads_its_samples(samples: list[dict[str, object]]) -> None:
    shape = shape_of(samples)
    for sample in samples if shape else ():
        assert shape is not None
        slots: list[str] = []
        assert read_slots(shape, read_object(json.dumps(sample)), slots)
        assert len(slots) == shape.slots
