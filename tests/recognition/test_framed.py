"""Labels in a text that is always the same: found, read and written again; prose is none."""

import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shadowbert.domain.contract import Contract
from shadowbert.recognition.answer import manner_of, read_answer, text_of, write_answer
from shadowbert.recognition.framed import may_be_framed
from shadowbert.recognition.inferred import Inferred, infer, may_be_closed

TOPICS, URGENT = ("billing", "delivery", "login problem"), ("True", "False")
Protocol = Callable[[str, str], str]
PROTOCOLS: dict[str, Protocol] = {
    "dspy chat": lambda topic, urgent: (
        f"[[ ## topic ## ]]\n{topic}\n\n[[ ## urgent ## ]]\n{urgent}\n\n[[ ## completed ## ]]"
    ),
    "dspy xml": lambda topic, urgent: f"<topic>\n{topic}\n</topic>\n<urgent>\n{urgent}\n</urgent>",
    "xml": lambda topic, urgent: f"<answer><topic>{topic}</topic><urgent>{urgent}</urgent></answer>",
    "lines": lambda topic, urgent: f"Topic: {topic}\nUrgent: {urgent}",
    "markdown": lambda topic, urgent: f"**Topic**: {topic}\n**Urgent**: {urgent}\n",
}


def replies(protocol: Protocol, number: int = 40, seed: int = 1) -> list[str]:
    chance = random.Random(seed)
    return [protocol(chance.choice(TOPICS), chance.choice(URGENT)) for _ in range(number)]


def found_in(texts: Sequence[str]) -> Inferred:
    found = infer(texts)
    assert found is not None
    return found


def said(contract: Contract, text: str) -> dict[str, str]:
    answer = read_answer({}, contract, text)
    assert answer is not None
    return {name.lower(): label for name, label in contract.describe(answer).items()}


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_protocols_of_several_fields_are_contracts(protocol: Protocol) -> None:
    texts = replies(protocol)
    assert all(map(may_be_closed, texts))
    found = found_in(texts)
    contract = found.contract
    assert found.schema is None
    assert contract.inferred
    assert {field.name.lower(): set(field.labels) for field in contract.fields} == {
        "topic": set(TOPICS),
        "urgent": set(URGENT),
    }
    assert Contract.from_json(contract.to_json()) == contract
    for topic in TOPICS:
        text = protocol(topic, "True")
        assert said(contract, text) == {"topic": topic, "urgent": "True"}
        answer, manner = read_answer({}, contract, text), manner_of(contract, text, "stop")
        assert answer is not None
        assert manner is not None
        assert text_of(write_answer({}, contract, answer, manner) or []) == text


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_what_stands_beside_the_frame_is_another_answer(protocol: Protocol) -> None:
    contract = found_in(replies(protocol)).contract
    assert read_answer({}, contract, "I cannot help with that.") is None
    assert said(contract, protocol("weather", "False"))["topic"] == "(something else)"
    assert write_answer({}, contract, read_answer({}, contract, protocol("weather", "False")) or ()) is None


def test_a_few_other_answers_do_not_hide_the_frame() -> None:
    texts = [*replies(PROTOCOLS["dspy chat"], 58), "I am sorry, I cannot.", "Topic unclear (sorry)!"]
    assert [field.name for field in found_in(texts).contract.fields] == ["topic", "urgent"]
    assert infer([*replies(PROTOCOLS["dspy chat"], 50), *(f"Sorry, no. {n}" for n in range(10))]) is None


def test_white_space_differs_without_harm_but_is_not_imitated() -> None:
    contract = found_in(replies(PROTOCOLS["dspy chat"])).contract
    text = "\n[[ ## topic ## ]]\n\nbilling\n[[ ## urgent ## ]] True\n[[ ## completed ## ]]\n"
    assert said(contract, text) == {"topic": "billing", "urgent": "True"}
    assert manner_of(contract, text, "stop") is None


@pytest.mark.parametrize(
    "texts",
    [
        [f"Topic: {TOPICS[n % 3]}\nReason: because of number {n}" for n in range(40)],  # a field of free text
        ["Topic: billing\nUrgent: no"] * 40,  # nothing to choose
        [f"Dear customer {n}, we thank you." for n in range(40)],
        [f"{n}. item" for n in range(40)],
    ],
)
def test_no_closed_set(texts: list[str]) -> None:
    assert infer(texts) is None


def test_two_frames_are_two_contracts() -> None:
    one, other = (found_in(replies(PROTOCOLS[name])).contract for name in ("xml", "lines"))
    assert one.hash != other.hash


@pytest.mark.parametrize(
    "text",
    ["Hello,\nhow are you?\nBye.", "", "\n\n", "x: y\n" * 400, "Topic: " + "long " * 40, "- one\n- two\n- three"],
)
def test_prose_and_lists_are_not_framed(text: str) -> None:
    assert not may_be_framed(text)


LABELS = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=12)


@given(st.lists(LABELS, min_size=2, max_size=6, unique=True), st.lists(LABELS, min_size=2, max_size=3, unique=True))
def test_any_labels_survive_the_way_there_and_back(topics: list[str], moods: list[str]) -> None:
    texts = [f"<topic>{a}</topic>\n<mood>{b}</mood>" for a in topics for b in moods] * 10
    found = infer(texts)
    assume(found is not None)
    assert found is not None
    for text in texts:
        answer = read_answer({}, found.contract, text)
        assert answer is not None
        assert text_of(write_answer({}, found.contract, answer) or []) == text
