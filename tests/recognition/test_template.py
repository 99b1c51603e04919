"""What a call must be to match a skeleton, and what its input is then."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.template import SLOT_SEPARATOR, Message, ObjectShape, Skeleton, SkeletonMessage, Stamp
from shadowbert.recognition.template import input_text, match

SHAPE = ObjectShape((("task", "label it"), ("meta", ObjectShape((("from", None),))), ("body", None)), ("body",))
OBJECT = Skeleton((SkeletonMessage("user", ("Ticket: ", "\nAnswer."), (SHAPE,)),))


def ticket(text: object) -> tuple[Message, ...]:
    return (Message("user", f"Ticket: {text if isinstance(text, str) else json.dumps(text)}\nAnswer."),)


def test_the_slots_of_an_object_are_read_by_path() -> None:
    filled = {"task": "label it", "meta": {"from": "Ada"}, "body": 'she said "no"\n'}
    assert match(OBJECT, ticket(filled)) == ("Ada", 'she said "no"\n')
    assert match(OBJECT, ticket(dict(reversed(filled.items())))) == ("Ada", 'she said "no"\n')
    assert match(OBJECT, ticket({"task": "label it", "meta": {"from": ["a", None, 1]}})) == ('["a",null,1]', "")
    assert OBJECT.slots == 2


@pytest.mark.parametrize(
    "other",
    [
        {"task": "label them", "meta": {"from": "Ada"}, "body": "x"},
        {"task": "label it", "meta": "Ada", "body": "x"},
        {"task": "label it", "meta": {}, "body": "x"},
        {"task": "label it", "meta": {"from": "Ada", "to": "Bo"}, "body": "x"},
        {"task": "label it", "meta": {"from": "Ada"}, "body": "x", "new": None},
        {"task": "label it", "body": "x"},
        [{"task": "label it", "meta": {"from": "Ada"}}],
        "{",
        "",
        "{'task': 'label it'}",
        '{"task": NaN}',
        '{"a":' * 300 + "1" + "}" * 300,
    ],
    ids=repr,
)
def test_another_object_does_not_match(other: object) -> None:
    assert match(OBJECT, ticket(other)) is None


def test_a_stamp_is_one_and_nothing_more() -> None:
    skeleton = Skeleton((SkeletonMessage("system", ("Label it. Today is ", ""), (Stamp(),)),))
    assert match(skeleton, (Message("system", "Label it. Today is 2025-11-05."),)) == ("2025-11-05.",)
    assert match(skeleton, (Message("system", "Label it. Today is 2025-11-05. Be strict."),)) is None


def test_excluded_slots_are_no_part_of_the_input() -> None:
    skeleton = Skeleton((SkeletonMessage("user", ("", "\n###\n", "\nBody: ", "")),), excluded=(0,))
    slots = match(skeleton, (Message("user", "an example\n###\na title\nBody: a body"),))
    assert slots == ("an example", "a title", "a body")
    assert input_text(skeleton, slots) == "a title\n[SEP]\na body"
    assert input_text(Skeleton(skeleton.messages), slots) == "an example\n[SEP]\na title\n[SEP]\na body"


holds = st.recursive(
    st.none() | st.text(max_size=3),
    lambda part: st.builds(
        ObjectShape,
        st.lists(st.tuples(st.text(max_size=3), part), max_size=3).map(tuple),
        st.lists(st.text(max_size=3), max_size=2).map(tuple),
    ),
    max_leaves=6,
).filter(lambda part: not isinstance(part, str))
messages = st.builds(
    SkeletonMessage,
    st.sampled_from(["system", "user"]),
    st.lists(st.text(max_size=4), min_size=1, max_size=4).map(tuple),
    st.lists(holds | st.builds(Stamp), max_size=3).map(tuple),
)


@given(st.lists(messages, max_size=3).map(tuple), st.lists(st.integers(0, 5), max_size=2).map(tuple))
def test_a_skeleton_is_read_back_from_its_json(shape: tuple[SkeletonMessage, ...], excluded: tuple[int, ...]) -> None:
    skeleton = Skeleton(shape, excluded, ((0, 3),))
    read = Skeleton.from_json(json.loads(json.dumps(skeleton.to_json())))
    assert (read, read.repeating) == (skeleton, skeleton.repeating)


def test_a_skeleton_of_an_older_store_is_read() -> None:
    old = {"messages": [{"role": "user", "statics": ["Text: ", ""]}]}
    skeleton = Skeleton((SkeletonMessage("user", ("Text: ", "")),))
    assert Skeleton.from_json(old) == skeleton
    assert skeleton.to_json() == old


def test_a_mark_between_slots_that_a_caller_wrote_is_none() -> None:
    two = Skeleton((SkeletonMessage("user", ("Title: ", "\nBody: ", "")),))
    assert input_text(two, ("x\n[SEP]\ny", "z")) == "x\n [SEP]\ny\n[SEP]\nz"
    assert input_text(two, ("x\n[SEP]", "z")) == "x\n [SEP]\n[SEP]\nz"
    assert input_text(two, ("x", "[SEP]\ny [SEP]")) == "x\n[SEP]\n[SEP]\ny [SEP]"
    one = Skeleton((SkeletonMessage("user", ("", "")),))
    assert input_text(one, ("x\n[SEP]\ny",)) == "x\n[SEP]\ny"


@given(st.lists(st.text(alphabet="a\n[SEP] ").map(lambda t: t.replace("[S", "\n[SEP]\n")), min_size=2, max_size=4))
def test_an_input_has_as_many_parts_as_slots(slots: list[str]) -> None:
    statics = ("", *(f"<{n}>" for n in range(len(slots) - 1)), "")
    skeleton = Skeleton((SkeletonMessage("user", statics),))
    assert len(input_text(skeleton, slots).split(SLOT_SEPARATOR)) == len(slots)
