"""Prompts of several templates, told apart; what callers put in by themselves is no template."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.template import Message, Prompt
from shadowbert.recognition.families import split
from tests.mixes.texts import rows

TEXTS = [row.text for row in rows("tickets")[:200]]
SPAM = "Say whether the message that follows was sent to many people by a machine, or written by one for another."
HURRY = "Judge how soon somebody at our desk should look at what stands below, by what is at stake for the writer."
NAMES = ("Ada", "Bert", "Cleo", "Dov", "Edna")


def prompt(system: str, text: str) -> Prompt:
    return Message("system", system), Message("user", text)


def sizes(prompts: Sequence[Prompt]) -> list[int]:
    return [len(family) for family in split(prompts)]


@pytest.mark.parametrize("count", [5, 20, 60])
def test_two_instructions_are_two_families(count: int) -> None:
    for lead in ("", "You are a helpful assistant of a large bank. "):
        mixed = [prompt(lead + (SPAM, HURRY)[n % 2], text) for n, text in enumerate(TEXTS[:count])]
        families = split(mixed)
        assert [{mixed[at][0].text for at in family} for family in families] == [{lead + SPAM}, {lead + HURRY}]
        assert sorted(at for family in families for at in family) == list(range(count))


def test_a_template_around_the_text_tells_families_apart() -> None:
    told = (f"{SPAM}\n\nMessage: %s\nAnswer:", f"{HURRY}\n\nMessage: %s\nAnswer:")
    assert sizes([(Message("user", told[n % 2] % text),) for n, text in enumerate(TEXTS[:40])]) == [20, 20]


def test_a_date_a_name_a_profile_is_no_family() -> None:
    def said(n: int) -> str:
        day, name = f"2025-11-{n // 10 + 10}", NAMES[n % 5]
        return f"Today is {day}. You help {name}, a clerk. {SPAM}"

    assert sizes([prompt(said(n), text) for n, text in enumerate(TEXTS[:60])]) == [60]
    about = [f"{SPAM}\nThe customer: {TEXTS[100 + n % 12]}" for n in range(60)]
    assert sizes([prompt(system, text) for system, text in zip(about, TEXTS, strict=False)]) == [60]


def test_a_signature_of_some_writers_is_no_family() -> None:
    signed = [
        text + "\nKind regards, the Acme Trading Company, Main Street 12" * (n % 3 == 0) for n, text in enumerate(TEXTS)
    ]
    assert sizes([prompt(SPAM, text) for text in signed[:60]]) == [60]


def test_texts_alone_are_one_family() -> None:
    assert sizes([(Message("user", text),) for text in TEXTS]) == [200]
    assert split([]) == [[]]


words = st.lists(st.sampled_from(["spam", "or", "not", "2025-11-05", "the", "text", "{}", "\n"]), max_size=12).map(
    " ".join
)


@given(st.lists(st.tuples(words, words), max_size=30, unique=True))
def test_every_prompt_is_in_one_family(said: list[tuple[str, str]]) -> None:
    families = split([prompt(*one) for one in said])
    assert sorted(at for family in families for at in family) == list(range(len(said)))
    assert sorted(map(len, families), reverse=True) == list(map(len, families))
