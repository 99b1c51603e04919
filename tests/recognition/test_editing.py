"""A template in the form that operators edit: written, read back, changed and refused."""

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shadowbert.domain.template import Message, ObjectShape, Prompt, Skeleton, SkeletonMessage, Stamp
from shadowbert.errors import OperatorError
from shadowbert.recognition.differing import difference
from shadowbert.recognition.editing import Slot, as_form, counting, marked, read_form, same, slots_of
from shadowbert.recognition.mining import mine
from shadowbert.recognition.template import match

SHAPE = ObjectShape((("id", None), ("lang", "en"), ("at", ObjectShape((("page", None),)))), ("lang",))
MAIL = Skeleton(
    (
        SkeletonMessage("system", ("Today is ", ". Classify."), (Stamp(),)),
        SkeletonMessage("user", ("Channel: ", "\nTicket: ", "\nText: ", ""), (None, SHAPE, None)),
    ),
    (0,),
    ((1, 3),),
)

constants = st.text(min_size=1, max_size=6)
stamps = st.just(Stamp())
shapes = st.recursive(
    st.dictionaries(st.text(max_size=3), st.none() | st.text(max_size=3), max_size=3).map(
        lambda parts: ObjectShape(tuple(parts.items()))
    ),
    lambda inner: st.dictionaries(st.text(max_size=3), inner, min_size=1, max_size=2).map(
        lambda parts: ObjectShape(tuple(parts.items()), tuple(parts)[:1])
    ),
    max_leaves=4,
)


@st.composite
def messages(draw: st.DrawFn) -> SkeletonMessage:
    slots = draw(st.integers(0, 3))
    ends = [
        draw(st.text(max_size=6)),
        *draw(st.lists(constants, min_size=max(0, slots - 1), max_size=max(0, slots - 1))),
    ]
    statics = (*ends, draw(st.text(max_size=6))) if slots else (ends[0],)
    holds = tuple(draw(st.none() | stamps | shapes) for _ in range(slots))
    return SkeletonMessage(draw(st.sampled_from(["system", "user"])), statics, holds if any(holds) else ())


@st.composite
def skeletons(draw: st.DrawFn) -> Skeleton:
    skeleton = Skeleton(tuple(draw(st.lists(messages(), min_size=1, max_size=3))))
    assume(skeleton.slots)
    excluded = draw(st.sets(st.integers(0, skeleton.slots - 1), max_size=skeleton.slots - 1))
    known = sorted(set(range(skeleton.slots)) - excluded)
    few = tuple((slot, draw(st.integers(1, 9))) for slot in known if draw(st.booleans()))
    return Skeleton(skeleton.messages, tuple(sorted(excluded)), few)


def through_json(skeleton: Skeleton) -> Any:
    return json.loads(json.dumps(as_form(skeleton, {slot.number: 5 for slot in slots_of(skeleton)})))


@given(skeletons())
def test_what_is_written_is_read_back(skeleton: Skeleton) -> None:
    read = read_form(through_json(skeleton), skeleton)
    assert (read, read.repeating) == (skeleton, skeleton.repeating)
    assert same(read, skeleton)


WORDS = st.lists(
    st.sampled_from(["Text:", "the order", "\n", "on 2025-11-05", "{", "a", "Body:\n", "x9", "."]), max_size=6
)
OBJECTS = st.fixed_dictionaries({"title": st.text(max_size=3), "lang": st.just("en")}).map(json.dumps)


@given(st.lists(st.tuples(WORDS, WORDS | OBJECTS, st.text(max_size=5)), min_size=2, max_size=6))
def test_a_mined_skeleton_is_read_back(parts: list[tuple[list[str], list[str] | str, str]]) -> None:
    prompts = [
        (
            Message("system", f"Label it. {' '.join(one)}"),
            Message("user", two if isinstance(two, str) else "Body: " + " ".join(two)),
            Message("user", three),
        )
        for one, two, three in parts
    ]
    skeleton = mine(prompts)
    assume(skeleton is not None)
    assert skeleton is not None
    read = read_form(through_json(skeleton), skeleton)
    assert (read, read.repeating) == (skeleton, skeleton.repeating)


def test_the_form_is_what_people_are_shown() -> None:
    assert as_form(MAIL, {2: 3}) == [
        {
            "role": "system",
            "content": ["Today is ", {"slot": 1, "counts": False, "holds": "stamp"}, ". Classify."],
        },
        {
            "role": "user",
            "content": [
                "Channel: ",
                {"slot": 2, "counts": True, "holds": "text", "contents": 3},
                "\nTicket: ",
                {
                    "holds": "object",
                    "keys": {
                        "id": {"slot": 3, "counts": True, "holds": "text"},
                        "lang": "en",
                        "at": {"holds": "object", "keys": {"page": {"slot": 4, "counts": True, "holds": "text"}}},
                    },
                    "optional": ["lang"],
                },
                "\nText: ",
                {"slot": 5, "counts": True, "holds": "text"},
            ],
        },
    ]


def test_the_slots_are_marked_among_the_texts() -> None:
    (_, system), (role, user) = marked(MAIL)
    assert system == ["Today is ", Slot(1, counts=False, holds="stamp"), ". Classify."]
    assert role == "user"
    assert user == [
        "Channel: ",
        Slot(2, counts=True, holds="text"),
        '\nTicket: {"id": ',
        Slot(3, counts=True, holds="text", key="id"),
        ', "lang": "en", "at": {"page": ',
        Slot(4, counts=True, holds="text", key="at.page"),
        "}}\nText: ",
        Slot(5, counts=True, holds="text"),
    ]


def edited(*user: object, system: object = None) -> Skeleton:
    given = as_form(MAIL)
    given[1]["content"] = list(user)
    if system is not None:
        given[0]["content"] = system
    return read_form(json.loads(json.dumps(given)), MAIL)


def test_a_slot_becomes_constant_and_another_is_added() -> None:
    skeleton = edited("Channel: ", "web", "\nText: ", {"slot": 5}, "\nSigned: ", {"slot": None, "counts": False})
    assert skeleton.messages[1] == SkeletonMessage("user", ("Channel: web\nText: ", "\nSigned: ", ""))
    assert skeleton.excluded == (0, 2)
    assert skeleton.repeating == ()


def test_what_is_known_of_a_slot_goes_with_it() -> None:
    skeleton = edited("To: ", {"slot": None}, "\nChannel: ", {"slot": 2}, "\nText: ", {"slot": 5})
    assert skeleton.repeating == ((2, 3),)
    assert edited("Channel: ", {"slot": 2, "counts": False}, "\nText: ", {"slot": 5}).repeating == ()


def test_an_object_may_become_a_text_and_a_date_may_too() -> None:
    skeleton = edited("Ticket: ", {"slot": None}, system=["Today is ", {"slot": 1, "holds": "text", "counts": True}])
    assert skeleton == Skeleton(
        (SkeletonMessage("system", ("Today is ", "")), SkeletonMessage("user", ("Ticket: ", "")))
    )


def test_the_slots_that_count_are_chosen_by_number() -> None:
    chosen = counting(MAIL, [5, 1])
    assert (chosen.messages, chosen.excluded, chosen.repeating) == (MAIL.messages, (1, 2, 3), ())
    assert same(counting(MAIL, [2, 3, 4, 5]), MAIL)
    for numbers, why in (
        ([6], "no slot 6: the template has slots 1, 2, 3, 4, 5"),
        ([], "at least one slot must count"),
    ):
        with pytest.raises(OperatorError, match=why):
            counting(MAIL, numbers)


TEXT = {"slot": 5}
OBJECT = as_form(MAIL)[1]["content"][3]  # type: ignore[index]
REFUSED: dict[str, tuple[list[object], str]] = {
    "touching": ([{"slot": 2}, TEXT], r"two slots of message 2 \(user\) touch each other"),
    "touching over nothing": ([{"slot": 2}, "", TEXT], "touch each other"),
    "unknown number": ([{"slot": 9}], "there is no slot 9 in message 2"),
    "a truth for a number": ([{"slot": True}], "there is no slot True"),
    "twice": ([{"slot": 2}, "a", {"slot": 2}], "slot 2 in message 2 .* stands twice or out of order"),
    "out of order": ([TEXT, "a", {"slot": 2}], "slot 2 .* out of order"),
    "unknown key": ([{"slot": 2, "name": "x"}], "a slot in message 2 .* has an unknown key 'name'; it may have"),
    "counts": ([{"slot": 2, "counts": 1}], "true or false, not 1"),
    "holds": ([{"slot": 2, "holds": "number"}], "not 'number'"),
    "an object without keys": ([{"slot": 2, "holds": "object"}], "not 'object'"),
    "neither": ([3], "holds 3, which is neither"),
    "no content": ([None], "holds None, which is neither"),
    "another shape": ([{"holds": "object", "keys": {"id": {"slot": 3}}}], "another shape than the template's"),
    "no keys": ([{"holds": "object", "keys": ["id"]}], 'an object of "keys"'),
    "odd part": ([{"holds": "object", "keys": {"id": 3}}], "a JSON object in message 2 .* holds 3"),
    "a date inside": ([{"holds": "object", "keys": {"id": {"slot": 3, "holds": "stamp"}}}], "hold text"),
    "object with a number": ([{"slot": 3, "holds": "object", "keys": {}}], "unknown key 'slot'"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_hold_together_is_refused_in_a_sentence(name: str) -> None:
    content, why = REFUSED[name]
    with pytest.raises(OperatorError, match=why):
        edited(*content)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "are a list"),
        ([], "roles stay as they are: system, user"),
        ([{"role": "user", "content": []}, {"role": "user", "content": []}], "roles stay"),
        ([{"role": "system", "content": []}, "user"], "roles stay"),
        ([{"role": "system", "content": ""}, {"role": "user", "content": []}], "is a list of constant texts"),
        ([{"role": "system", "content": [], "text": 1}, {"role": "user", "content": []}], "unknown key 'text'"),
        ([{"role": "system", "content": ["a"]}, {"role": "user", "content": []}], "at least one slot must count"),
        ([{"role": "system", "content": [{"slot": 1}]}, {"role": "user", "content": []}], "at least one slot must"),
    ],
)
def test_messages_that_are_none_are_refused(given: object, why: str) -> None:
    with pytest.raises(OperatorError, match=why):
        read_form(given, MAIL)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 6) | st.sampled_from(["user", "system", "text", "object", "stamp", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["role", "content", "slot", "counts", "holds", "keys", "optional"]), inner)
    ),
    max_leaves=8,
)


@given(st.lists(json_values, max_size=4), st.lists(json_values, max_size=4))
def test_whatever_is_sent_is_read_or_refused(system: list[object], user: list[object]) -> None:
    try:
        read = read_form([{"role": "system", "content": system}, {"role": "user", "content": user}], MAIL)
    except OperatorError:
        return
    assert read.slots > len(read.excluded)
    assert same(read_form(through_json(read), read), read)


def rebuilt(skeleton: Skeleton, slots: tuple[str, ...]) -> list[str]:
    rest = iter(slots)
    return [m.statics[0] + "".join(next(rest) + static for static in m.statics[1:]) for m in skeleton.messages]


parts = st.lists(st.sampled_from(["a", "Text: ", "\n", "b"]) | st.just({"slot": None}), min_size=1, max_size=5)
PLAIN = Skeleton((SkeletonMessage("user", ("Text: ", "")),))


@given(parts, st.lists(st.sampled_from(["a", "Text: ", "\n", "b", "c", ""]), max_size=8).map("".join))
def test_an_edited_skeleton_never_matches_with_other_texts_than_it_says(content: list[object], text: str) -> None:
    """What it matches is its constants with the slots' texts between them; and what it does not is told why."""
    try:
        skeleton = read_form([{"role": "user", "content": content}], PLAIN)
    except OperatorError:
        return
    prompt: Prompt = (Message("user", text),)
    slots = match(skeleton, prompt)
    assert bool(difference(skeleton, prompt)) == (slots is None)
    if slots is not None:
        assert rebuilt(skeleton, slots) == [text]
        assert "".join(part for part in skeleton.messages[0].statics) == "".join(
            p for p in content if isinstance(p, str)
        )


def test_the_first_difference_is_told() -> None:
    def of(system: str, user: str) -> str:
        return difference(MAIL, (Message("system", system), Message("user", user)))

    today, ticket = "Today is 2025-11-05. Classify.", '{"id": 3, "lang": "en", "at": {"page": 1}}'
    assert of(today, f"Channel: web\nTicket: {ticket}\nText: hello") == ""
    assert of("Yesterday was", "") == 'message 1 (system) begins with "Yesterday was", the template with "Today is "'
    assert of("Today was 2025-11-05.", "") == (
        'message 1 (system) goes on with "was 2025-11-05." after "Today ", the template goes on with "is "'
    )
    assert of("Today is 2025-11-05. Label.", "") == (
        'message 1 (system) ends with "Today is 2025-11-05. Label.", the template with ". Classify."'
    )
    assert of("Today is Monday. Classify.", "").endswith(
        'holds "Monday" where the template holds a date, a time or an id'
    )
    assert of(today, "Channel: web\nText: hello") == ('message 2 (user) does not hold "\nTicket: " after "Channel: "')
    assert "a JSON object of another shape" in of(today, "Channel: web\nTicket: {}\nText: hello")
    constant = Skeleton((SkeletonMessage("user", ("Text: hello",)),))
    assert difference(constant, (Message("user", "Text: hello!"),)) == (
        'message 1 (user) goes on with "!" after "Text: hello", the template ends'
    )
    assert difference(constant, (Message("user", "Text"),)) == (
        'message 1 (user) ends after "Text", the template goes on with ": hello"'
    )
    assert difference(constant, ()) == "its messages are not user"
    ends = Skeleton((SkeletonMessage("user", ("ab", "bc")),))
    assert difference(ends, (Message("user", "abc"),)).endswith("is too short for the template's constant texts")
