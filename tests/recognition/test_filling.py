"""What is put into a prompt's slots is read out of them again, or is not put there at all."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.template import SLOT_SEPARATOR, Message, ObjectShape, Prompt, Skeleton, SkeletonMessage, Stamp
from shadowbert.recognition.filling import fill
from shadowbert.recognition.mining import mine
from shadowbert.recognition.template import input_text, match
from shadowbert.testing.calls import texts

TWO = Skeleton((SkeletonMessage("system", ("Label it.",)), SkeletonMessage("user", ("Title: ", "\nBody: ", ""))))
SHAPE = ObjectShape((("task", "label it"), ("meta", ObjectShape((("from", None),))), ("body", None)), ("body",))
OBJECT = Skeleton((SkeletonMessage("user", ("Ticket: ", "\nAnswer."), (SHAPE,)),))


def two(title: str, body: str) -> Prompt:
    return (Message("system", "Label it."), Message("user", f"Title: {title}\nBody: {body}"))


def ticket(value: Any, **layout: Any) -> Prompt:
    return (Message("user", f"Ticket: {json.dumps(value, **layout)}\nAnswer."),)


@given(st.text(), st.text())
def test_an_input_is_put_in_the_place_of_another(title: str, body: str) -> None:
    filled = fill(TWO, two("old", "old too"), f"{title}{SLOT_SEPARATOR}{body}")
    if "\nBody: " in title or SLOT_SEPARATOR in title + SLOT_SEPARATOR[:-1] or SLOT_SEPARATOR in body:
        return
    assert filled == two(title, body)


@given(st.text(alphabet="ab \n[SEP]Body:"))
def test_what_is_written_is_read_or_nothing_is_written(text: str) -> None:
    filled = fill(TWO, two("old", "old too"), text)
    slots = match(TWO, filled) if filled else None
    assert filled is None or (slots is not None and input_text(TWO, slots) == text)


@pytest.mark.parametrize("text", ["one part", "one\n[SEP]\ntwo\n[SEP]\nthree", "a\nBody: b\n[SEP]\nc"])
def test_an_input_that_has_no_place_is_not_asked(text: str) -> None:
    assert fill(TWO, two("old", "old too"), text) is None


def test_a_single_slot_takes_any_text() -> None:
    skeleton = Skeleton((SkeletonMessage("user", ("Mail: ", "")),))
    filled = fill(skeleton, (Message("user", "Mail: old"),), "one\n[SEP]\ntwo")
    assert filled == (Message("user", "Mail: one\n[SEP]\ntwo"),)


def test_what_does_not_count_stays() -> None:
    skeleton = Skeleton((SkeletonMessage("user", ("", "\n###\n", "")),), excluded=(0,))
    filled = fill(skeleton, (Message("user", "an example\n###\nold"),), "new")
    assert filled == (Message("user", "an example\n###\nnew"),)


def test_a_stamp_takes_stamps_only() -> None:
    skeleton = Skeleton((SkeletonMessage("system", ("Today is ", "."), (Stamp(),)),))
    prompt = (Message("system", "Today is 2025-11-05."),)
    assert fill(skeleton, prompt, "2024-01-31") == (Message("system", "Today is 2024-01-31."),)
    assert fill(skeleton, prompt, "a fine day") is None


def test_a_prompt_of_another_template_is_not_filled() -> None:
    assert fill(TWO, (Message("user", "Title: x\nBody: y"),), "a\n[SEP]\nb") is None


@pytest.mark.parametrize(
    "layout", [{}, {"indent": 2}, {"indent": 4}, {"separators": (",", ":")}, {"ensure_ascii": False}]
)
def test_an_object_keeps_its_layout(layout: dict[str, Any]) -> None:
    old = {"task": "label it", "meta": {"from": "Ägidius"}, "body": "x"}
    new = {"task": "label it", "meta": {"from": 'a "quoted" Ö'}, "body": "y"}
    assert fill(OBJECT, ticket(old, **layout), 'a "quoted" Ö\n[SEP]\ny') == ticket(new, **layout)


def test_what_was_no_text_in_an_object_is_none_again() -> None:
    old = {"task": "label it", "meta": {"from": 3}}
    assert fill(OBJECT, ticket(old), '["a",null,1]\n[SEP]\n') == ticket({**old, "meta": {"from": ["a", None, 1]}})
    with_body = {"task": "label it", "meta": {"from": "Ada"}, "body": "said"}
    assert fill(OBJECT, ticket(old), "Ada\n[SEP]\nsaid") == ticket(with_body)


def test_mined_templates_take_each_others_inputs() -> None:
    prompts = [two(f"no {n}", text) for n, text in enumerate(texts(24))]
    skeleton = mine(prompts)
    assert skeleton is not None
    for prompt, other in pairwise(prompts):
        slots = match(skeleton, other)
        assert slots is not None
        assert fill(skeleton, prompt, input_text(skeleton, slots)) == other
