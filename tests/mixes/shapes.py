"""The shapes of prompts that clients send: how an instruction and a text stand in the messages of one call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from types import MappingProxyType
from typing import Any

import orjson

NAMES = [
    "Ada",
    "Bert",
    "Cleo",
    "Dov",
    "Edna",
    "Finn",
    "Gala",
    "Hugo",
    "Ines",
    "Jonas",
    "Kira",
    "Lars",
    "Mona",
    "Nils",
    "Olga",
    "Pablo",
]
CHANNELS = ("chat", "email", "phone")
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
RULES = (
    "Read the whole message before you decide.", "Prefer the most specific label that fits.",
    "Never guess what the writer did not say.", "A message about several things gets the label of the first one.",
    "Sarcasm counts as what is meant, not as what is said.", "Ignore greetings, signatures and legal notices.",
    "When an amount above 10000 EUR is named, take the stricter label.", "Do not translate the message.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One call to be put into words. `extra` are other texts with their answers: examples to show."""

    instruction: str
    text: str
    number: int
    draw: Random
    labels: Sequence[str]
    extra: Sequence[tuple[str, str]] = ()

    @property
    def day(self) -> str:
        """The calls of a task come in on a few days."""
        return f"2025-11-{10 + self.number // 30:02d}"


@dataclass(frozen=True, slots=True)
class Said:
    """The messages, what its input must hold and what it must not."""

    messages: list[dict[str, Any]]
    holds: tuple[str, ...]
    lacks: tuple[str, ...] = field(default=())


Shape = Callable[[Case], Said]


def system(text: object) -> dict[str, Any]:
    return {"role": "system", "content": text}


def user(text: object) -> dict[str, Any]:
    return {"role": "user", "content": text}


def said(case: Case, *messages: dict[str, Any]) -> Said:
    return Said(list(messages), (case.text,))


def dumps(value: object, *, pretty: bool = False) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 if pretty else None).decode()


def plain(case: Case) -> Said:
    return said(case, system(case.instruction), user(case.text))


def developer(case: Case) -> Said:
    return said(case, {"role": "developer", "content": case.instruction}, user(case.text))


def one_message(case: Case) -> Said:
    return said(case, user(f"{case.instruction}\n\nMessage: {case.text}\n\nAnswer with one label only."))


def text_alone(case: Case) -> Said:
    return said(case, user(case.text))


def delimiters(case: Case) -> Said:
    return said(case, user(f"{case.instruction} The text stands between marks.\n<<<{case.text}>>>"))


def backticks(case: Case) -> Said:
    return said(case, system(case.instruction), user(f"Text:\n```\n{case.text}\n```"))


def title_and_body(case: Case) -> Said:
    title = " ".join(case.text.split()[:3]) + f" ({case.number})"
    return Said([system(case.instruction), user(f"Title: {title}\nBody: {case.text}")], (title, case.text))


def two_texts(case: Case) -> Said:
    other = case.extra[0][0]
    return Said([system(case.instruction), user(f"Text A: {case.text}\nText B: {other}")], (case.text, other))


def dspy(case: Case) -> Said:
    head = f"Your input fields are:\n1. `message` (str):\nAll is structured with markers.\n\n{case.instruction}"
    tail = "Respond with the corresponding output fields, starting with the field `[[ ## label ## ]]`."
    return said(case, system(head), user(f"[[ ## message ## ]]\n{case.text}\n\n{tail}"))


def baml(case: Case) -> Said:
    options = "\n".join(f"- {label}" for label in case.labels)
    text = f"{case.instruction}\nAnswer with any of the categories:\n----\n{options}\n\nINPUT: {case.text}\n\nAnswer:"
    return said(case, system([{"type": "text", "text": text}]))


def static_shots(case: Case) -> Said:
    shots = [m for text, label in SHOTS for m in (user(text), {"role": "assistant", "content": label})]
    return said(case, system(case.instruction), *shots, user(case.text))


SHOTS = (("The parcel of 2025-03-04 never came", "one"), ("Thank you, all is well", "two"))


def static_shots_inside(case: Case) -> Said:
    shots = "".join(f"Message: {text}\nLabel: {label}\n\n" for text, label in SHOTS)
    return said(case, user(f"{case.instruction}\n\n{shots}Message: {case.text}\nLabel:"))


def dynamic_shots(case: Case) -> Said:
    """Three examples that resemble the text, as earlier turns: retrieved anew for each call."""
    shots = [m for text, label in case.extra[:3] for m in (user(text), {"role": "assistant", "content": label})]
    messages = [system(case.instruction), *shots, user(case.text)]
    return Said(messages, (case.text,), tuple(text for text, _ in case.extra[:3]))


def dynamic_shots_inside(case: Case) -> Said:
    shots = "".join(f"Message: {text}\nLabel: {label}\n\n" for text, label in case.extra[:3])
    prompt = f"{shots}Now the one to label.\nMessage: {case.text}\nLabel:"
    return Said([system(case.instruction), user(prompt)], (case.text,), tuple(text for text, _ in case.extra[:3]))


def dynamic_shots_of_any_number(case: Case) -> Said:
    some = case.extra[: case.draw.randint(2, 4)]
    shots = "".join(f"Message: {text}\nLabel: {label}\n\n" for text, label in some)
    prompt = f"Examples:\n\n{shots}### Now the one to label\n{case.text}"
    return Said([system(case.instruction), user(prompt)], (case.text,), tuple(text for text, _ in some))


def date(case: Case) -> Said:
    return said(case, system(f"Today is {case.day}. {case.instruction}"), user(case.text))


def one_date(case: Case) -> Said:
    """All calls that found the version come in on one day; the next day is no other task."""
    day = "2025-11-10" if case.number < 30 else "2025-11-11"
    return said(case, system(f"{case.instruction}\nCurrent date: {day}"), user(case.text))


def long_date(case: Case) -> Said:
    day = f"{MONTHS[case.number // 30]} {1 + case.number // 25}, 2025"
    return said(case, system(f"{case.instruction} The date is {day}."), user(case.text))


def clock(case: Case) -> Said:
    at = f"{case.day}T{case.number % 24:02d}:{case.number % 60:02d}:{case.number * 7 % 60:02d}Z"
    return said(case, system(f"[{at}] {case.instruction}"), user(case.text))


def user_name(case: Case) -> Said:
    name = case.draw.choice(NAMES)
    return said(case, system(f"You help {name}, a clerk. {case.instruction}"), user(f"Message: {case.text}"))


def request_id(case: Case) -> Said:
    number = case.draw.getrandbits(128)
    text = f"{number:032x}"
    id_ = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
    return said(case, system(f"{case.instruction}\nRequest id: {id_}"), user(case.text))


def channel(case: Case) -> Said:
    where = case.draw.choice(CHANNELS)
    return Said([system(case.instruction), user(f"Channel: {where}\nMessage: {case.text}")], (where, case.text))


def json_one(case: Case) -> Said:
    return said(case, system(case.instruction), user(dumps({"task": "label this", "message": case.text, "lang": "en"})))


def json_many(case: Case) -> Said:
    title, where = f"Mail {case.number}", case.draw.choice(CHANNELS)
    holder = {"id": 700_000 + case.number * 7, "subject": title, "meta": {"channel": where}, "body": case.text}
    return Said([system(case.instruction), user(dumps(holder, pretty=True))], (title, where, case.text))


def json_inside(case: Case) -> Said:
    holder = dumps({"ticket": {"text": case.text, "open": True}, "tags": case.draw.sample(CHANNELS, 2)})
    return said(case, user(f"{case.instruction}\n\nTicket:\n{holder}\n\nAnswer in JSON."))


def json_optional(case: Case) -> Said:
    beside = {"name": case.draw.choice(NAMES)} if case.number % 3 else {}
    return said(case, system(case.instruction), user(dumps({**beside, "message": case.text})))


def xml(case: Case) -> Said:
    inside = f"<ticket>\n<from>{case.draw.choice(NAMES)}</from>\n<text>{case.text}</text>\n</ticket>"
    return said(case, system(case.instruction), user(inside))


def policy(case: Case) -> Said:
    rules = "\n".join(f"{n + 1}. {RULES[n % len(RULES)]} (rule {n + 1})" for n in range(40))
    return said(case, system(f"{case.instruction}\n\n# Policy\n{rules}"), user(case.text))


def paragraphs(case: Case) -> Said:
    text = "\n\n".join([case.text, *(other for other, _ in case.extra[:2])])
    return Said([system(case.instruction), user(f"Mail:\n\n{text}\n\n---\nLabel the mail.")], (text,))


def parts(case: Case) -> Said:
    content = [{"type": "text", "text": "The message to label:"}, {"type": "text", "text": case.text}]
    return said(case, system([{"type": "text", "text": case.instruction}]), user(content))


def two_instructions(case: Case) -> Said:
    return said(case, system("You are a careful assistant."), system(case.instruction), user(case.text))


def prefilled(case: Case) -> Said:
    return said(case, system(case.instruction), user(case.text), {"role": "assistant", "content": "The label is:"})


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        shape.__name__: shape
        for shape in (
            plain, developer, one_message, delimiters, backticks, title_and_body, two_texts, dspy, baml, static_shots,
            static_shots_inside, dynamic_shots, dynamic_shots_inside, dynamic_shots_of_any_number, date, one_date,
            long_date, clock, user_name, request_id, channel, json_one, json_many, json_inside, json_optional, xml,
            policy, paragraphs, parts, two_instructions, prefilled, text_alone,
        )
    }
)  # fmt: skip
