"""Examples that change with the call are no input; conversations, channels, pairs of texts are no examples."""

from random import Random

from shadowbert.domain.template import Message, Prompt
from shadowbert.recognition.mining import mine
from shadowbert.recognition.template import input_text, match
from tests.mixes.texts import rows

TEXTS = [row.text for row in rows("tickets")[:260]]
POOL, ASKED = TEXTS[:40], TEXTS[60:120]


def said(*turns: tuple[str, str]) -> Prompt:
    return tuple(Message(role, text) for role, text in turns)


def inputs(prompts: list[Prompt]) -> list[str]:
    skeleton = mine(prompts)
    assert skeleton is not None
    return [input_text(skeleton, slots) for prompt in prompts if (slots := match(skeleton, prompt)) is not None]


def chosen(seed: int, count: int = 3) -> list[str]:
    return Random(seed).sample(POOL, count)


def turns(examples: list[str], text: str) -> Prompt:
    shown = [turn for t in examples for turn in (("user", t), ("assistant", "AB"[len(t) % 2]))]
    return said(("system", "Label it."), *shown, ("user", text))


def test_turns_out_of_a_pool_are_examples() -> None:
    asked = [turns(chosen(n), text) for n, text in enumerate(ASKED)]
    assert inputs(asked) == ASKED
    skeleton = mine(asked[:24])
    assert skeleton is not None
    assert match(skeleton, turns(TEXTS[200:203], "new examples, too")) is not None


def test_a_conversation_is_no_pool() -> None:
    talks = [turns(TEXTS[3 * n : 3 * n + 3], text) for n, text in enumerate(ASKED)]
    assert mine(talks) is None
    greeted = [
        said(
            ("user", "Hi!"),
            ("assistant", f"Hello, {text[:9]}"),
            ("user", text),
            ("assistant", text[3:]),
            ("user", "why"),
        )
        for text in ASKED
    ]
    assert mine(greeted) is None


def test_examples_inside_a_message_are_found_in_any_number() -> None:
    def told(n: int, text: str) -> Prompt:
        shown = "".join(f"Text: {t}\nLabel: {'AB'[len(t) % 2]}\n\n" for t in chosen(n, 2 + n % 3))
        return said(("user", f"Label the last one.\n\n{shown}### Label this\n{text}"))

    assert inputs([told(n, text) for n, text in enumerate(ASKED)]) == ASKED


def test_a_document_beside_the_text_stays() -> None:
    def told(n: int, text: str) -> Prompt:
        return said(("user", f"Product: {POOL[n % 9]}\nReview: {text}"))

    assert all(POOL[n % 9] in found for n, found in enumerate(inputs([told(n, t) for n, t in enumerate(ASKED)])))


def test_pairs_out_of_one_pool_stay() -> None:
    def told(n: int) -> Prompt:
        one, other = chosen(n, 2)
        return said(("user", f"Text A: {one}\nText B: {other}"))

    assert inputs([told(n) for n in range(60)]) == ["\n[SEP]\n".join(chosen(n, 2)) for n in range(60)]
