import json
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.template import Message, Prompt, Skeleton, SkeletonMessage
from shadowbert.recognition.mining import MAX_INNER_TOKENS, mine
from shadowbert.recognition.template import match

TEXTS = [
    "I want to cancel the order, please.",
    "I was charged twice for the order, please help.",
    "I love the order! Thank you, please keep going",
    "I need the order by Monday please?",
    "I can't log in: the order page is blank, please",
    "I think the order (no. 17) got lost. please look",
    "I got the order <broken>\nplease refund",
]
ALIKE = [f"{text} {n}" if n > 6 else text for n in range(21) for text in [TEXTS[n % 7]]]
SAMPLE = [text if n % 2 else text.removeprefix("I ") for n, text in enumerate(ALIKE)]
FRESH = ["Where is my parcel", "nothing in common", "ok"]
DSPY_TAIL = "\n\nRespond with a JSON object in the following order of fields: `sentiment`, then `urgent`."

SHAPES: dict[str, tuple[list[tuple[str, str]], list[str]]] = {
    "system and user": ([("system", "Be strict."), ("user", "<t>")], ["<t>"]),
    "one user message": ([("user", "Classify the sentiment of this text: <t>\nAnswer in JSON.")], ["<t>"]),
    "short lead": ([("user", "Classify: <t>")], ["<t>"]),
    "dspy markers": ([("user", f"[[ ## sentence ## ]]\n<t>{DSPY_TAIL}")], ["<t>"]),
    "one system message": ([("system", "Pick one:\n- bug\n- other\n\nINPUT: <t>\n\nAnswer with a category:")], ["<t>"]),
    "constant few shots": ([("user", "I love it"), ("assistant", '{"l":"p"}'), ("user", "<t>")], ["<t>"]),
    "date": (
        [("system", "Note: today is 2025-11-<i>.\nClassify it."), ("user", "<t>")],
        ["2025-11-<i>", "<t>"],
    ),
    "angle brackets": ([("user", "Text: <<<<t>>>>")], ["<t>>>>"]),
    "title and body": ([("user", "Title: mail <i>\nBody: <t>")], ["mail <i>", "<t>"]),
    "quoted": ([("user", 'Text: "<t>".\n\nIs it spam?')], ["<t>"]),
    "only a date": ([("system", "Label it. Today is 2025-11-<i>."), ("user", "<t>")], ["2025-11-<i>", "<t>"]),
    "the same date": ([("system", "Label it. Today is 2025-11-05."), ("user", "<t>")], ["2025-11-05", "<t>"]),
    "dated examples": ([("user", "On 2025-11-05"), ("assistant", "a"), ("user", "<t>")], ["<t>"]),
    "json in a text": (
        [("user", 'Ticket:\n{"id": <i>, "lang": "en", "body": "<t>", "at": {"page": 1}}\nAnswer in JSON.')],
        ["<i>", "<t>", "1"],
    ),
    "json": ([("user", '{"title": "mail <i>", "body": "<t>", "lang": "en"}')], ["mail <i>", "<t>"]),
    "prose around": ([("user", "Please classify the message <t> into one of the topics")], ["<t>"]),
}


def user(text: str) -> Message:
    return Message("user", text)


def fill(pattern: str, text: str, number: int) -> str:
    text = json.dumps(text)[1:-1] if "{" in pattern else text
    return pattern.replace("<t>", text).replace("<i>", str(10 + number))


@pytest.mark.parametrize("name", SHAPES)
def test_the_slots_of_real_shapes_are_found(name: str) -> None:
    shape, slots = SHAPES[name]

    def prompt(text: str, number: int) -> Prompt:
        return tuple(Message(role, fill(pattern, text, number)) for role, pattern in shape)

    skeleton = mine([prompt(text, i) for i, text in enumerate(SAMPLE)])
    assert skeleton is not None
    for i, text in enumerate(chain(SAMPLE, FRESH)):
        assert match(skeleton, prompt(text, i)) == tuple(fill(slot, text, i) for slot in slots)


def statics(texts: list[str]) -> tuple[str, ...]:
    skeleton = mine([(user(text),) for text in texts])
    assert skeleton is not None
    return skeleton.messages[0].statics


def test_what_all_texts_share_by_accident_is_no_template() -> None:
    assert statics(ALIKE) == ("", "")
    assert statics([f"Hello, {text} Regards" for text in ALIKE]) == ("", "")
    assert statics([f"Ticket: {text} please.\n\nTopic?" for text in ALIKE]) == ("Ticket: ", "\n\nTopic?")


def test_numbers_and_words_are_not_cut_in_half() -> None:
    assert statics([f"On 2025-11-{day} we said: restart{day}" for day in range(10, 30)]) == ("", "")
    assert statics([f"Level: pre{word}" for word in ("view", "fix", "pay")]) == ("Level: ", "")


def test_two_samples_are_enough_to_mine_and_one_is_not() -> None:
    assert statics(["Text: yes", "Text: no"]) == ("Text: ", "")
    assert mine([(user("Text: yes"),)]) is None
    assert mine([]) is None


@pytest.mark.parametrize(
    "prompts",
    [
        [(user("a"),), (user("b"), user("c"))],
        [(user("a"),), (Message("system", "b"),)],
        [(user("the same"),)] * 20,
        [(user(f"q{i}"), Message("assistant", f"a{i}"), user(f"r{i}")) for i in range(20)],
        [(), ()],
    ],
    ids=["number", "roles", "no hole", "conversation", "empty"],
)
def test_prompts_without_a_common_shape_have_no_skeleton(prompts: list[Prompt]) -> None:
    assert mine(prompts) is None


def test_very_long_texts_are_compared_at_their_ends() -> None:
    texts = [f"Title: {i}\nBody: {'word ' * MAX_INNER_TOKENS}{i}\nAnswer in JSON" for i in range(3)]
    assert statics(texts) == ("Title: ", "\nAnswer in JSON")


def test_many_slots_end() -> None:
    rows = ["".join(f"field{j}: {i * j}\n" for j in range(200)) for i in range(1, 21)]
    assert len(statics(rows)) > 30


def rebuilt(skeleton: Skeleton, slots: tuple[str, ...]) -> list[str]:
    rest = iter(slots)
    texts = []
    for message in skeleton.messages:
        first, *others = message.statics
        texts.append(first + "".join(next(rest) + static for static in others))
    return texts


WORDS = st.lists(st.sampled_from(["Text:", "the order", "\n", "please", "{", "a", "Body:\n", "x9", "."]), max_size=6)


@given(st.lists(st.tuples(WORDS, WORDS, st.text(max_size=5)), min_size=2, max_size=6))
def test_a_mined_skeleton_matches_and_rebuilds_its_samples(parts: list[tuple[list[str], list[str], str]]) -> None:
    prompts = [(user(" ".join(one) + "\nBody: " + " ".join(two)), user(three)) for one, two, three in parts]
    skeleton = mine(prompts)
    assert (skeleton is None) == (len(set(prompts)) == 1)
    for prompt in prompts if skeleton else ():
        assert skeleton is not None
        slots = match(skeleton, prompt)
        assert slots is not None
        assert len(slots) == skeleton.slots
        assert rebuilt(skeleton, slots) == [message.text for message in prompt]


@given(st.lists(st.text(max_size=4), min_size=1, max_size=4), st.lists(st.text(max_size=6), min_size=4, max_size=4))
def test_what_is_built_from_a_skeleton_matches_it(shape: list[str], slots: list[str]) -> None:
    skeleton = Skeleton((SkeletonMessage("user", tuple(shape)),))
    (text,) = rebuilt(skeleton, tuple(slots))
    found = match(skeleton, (user(text),))
    assert found is not None
    assert rebuilt(skeleton, found) == [text]


@pytest.mark.parametrize("text", ["Text: a", "Text: a\nBody: b", "Text: a\nBody: b!", "Text:\nBody: end", "end", ""])
def test_other_texts_do_not_match(text: str) -> None:
    skeleton = Skeleton((SkeletonMessage("user", ("Text: ", "\nBody: ", " end")),))
    assert match(skeleton, (user("Text: a\nBody: b end"),)) == ("a", "b")
    assert match(skeleton, (user(text),)) is None


def test_ends_may_not_overlap() -> None:
    skeleton = Skeleton((SkeletonMessage("user", ("aba", "aba")),))
    assert match(skeleton, (user("ababa"),)) is None
    assert match(skeleton, (user("abaaba"),)) == ("",)


def test_roles_and_numbers_of_messages_must_match() -> None:
    skeleton = Skeleton((SkeletonMessage("user", ("", "")),))
    assert match(skeleton, (Message("system", "a"),)) is None
    assert match(skeleton, (user("a"), user("b"))) is None


def test_a_call_that_is_asked_again_is_no_template() -> None:
    again = [(user(f"text {n}"), Message("assistant", "maybe"), user(f"{n}: maybe is no label")) for n in range(20)]
    assert mine(again) is None
    prefilled = [(user(f"text {n}"), Message("assistant", "The label is")) for n in range(20)]
    assert mine(prefilled) is not None


def test_slots_with_few_contents_are_told() -> None:
    prompts = [(user(f"Channel: {('sms', 'mail')[n % 2]}\nMessage: number {n}"),) for n in range(20)]
    skeleton = mine(prompts)
    assert skeleton is not None
    assert skeleton.repeating == ((0, 2),)
