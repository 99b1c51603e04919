"""What every Python driver shares: the texts, their truth, and the loop that prints one JSON line a call.

Standard library only: a driver runs in an environment where nothing but its client library is installed, as
`python -P driver.py BASE_URL KEY FIRST COUNT`.
"""

import json
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path

MODEL = "gpt-4o-2024-08-06"
SYSTEM = "Sort the mail of a shop by its topic, and say whether it is urgent."
TOPICS = ("billing", "delivery", "login")
NOUNS = {
    "billing": ("invoice", "refund", "charge", "payment"),
    "delivery": ("parcel", "courier", "shipment", "package"),
    "login": ("password", "verification code", "locked account", "second factor"),
}
FRAMES = (
    "Please help, my {noun} from order {n} is wrong",
    "Order {n}: what happened to the {noun}?",
    "I am still waiting to hear about the {noun}, ticket {n},",
    "Number {n} again, there is a problem with my {noun}",
    "Since monday nobody could tell me anything on the {noun} of {n}",
)
RUSH = ("and I need it today!", "at once, please!")
CALM = ("but take your time.", "whenever you like.")
FIRST, STRIDE = 100_000, 1_000
"""Where the numbers begin, and how many one cell may use. All have six digits, so that none is part of another."""

Said = Mapping[str, object] | str | Enum
Cell = Callable[[str], Said]
"""One way to ask: text in, what the library returned out."""


class Topic(str, Enum):  # noqa: UP042 - as users of older Pythons write it
    BILLING = "billing"
    DELIVERY = "delivery"
    LOGIN = "login"


SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"topic": {"type": "string", "enum": list(TOPICS)}, "urgent": {"type": "boolean"}},
    "required": ["topic", "urgent"],
    "additionalProperties": False,
}


def message(n: int) -> str:
    """A text that no other number has, whose topic and haste cannot be missed."""
    noun = NOUNS[TOPICS[n % 3]][n // 3 % 4]
    ending = (RUSH, CALM)[n // 2 % 2][n // 5 % 2]
    return f"{FRAMES[n % 5].format(noun=noun, n=n)} {ending}"


def truth(text: str) -> dict[str, object]:
    """What a sane reader says of any text that holds a message, and nothing else of these words."""
    topic = next((topic for topic in TOPICS if any(noun in text for noun in NOUNS[topic])), TOPICS[0])
    return {"topic": topic, "urgent": any(ending in text for ending in RUSH)}


def contrary(text: str) -> dict[str, object]:
    """What the student says: never what the teacher says, so that nobody can take one for the other."""
    said = truth(text)
    return {"topic": TOPICS[(TOPICS.index(str(said["topic"])) + 1) % 3], "urgent": not said["urgent"]}


def prompt(text: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]


def plainly(said: object) -> dict[str, object]:
    """What a library returned, as field to JSON value; a bare label is a topic."""
    if isinstance(said, Mapping):
        return {name: value.value if isinstance(value, Enum) else value for name, value in said.items()}
    fields = getattr(said, "model_dump", None)
    if fields is not None:
        return plainly(fields())
    return {"topic": said.value if isinstance(said, Enum) else said}


def run(make: Callable[[str, str], Mapping[str, Cell]]) -> None:
    """`make(base_url, key)` gives the cells by name. Each is asked COUNT times; a call that failed is a line, too."""
    warnings.simplefilter("ignore")
    base_url, key, first, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    for place, (name, cell) in enumerate(make(base_url, key).items()):
        for n in range(count):
            number = FIRST + place * STRIDE + first + n
            line = {"cell": name, "number": number, **_asked(cell, message(number))}
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()
    os._exit(0)  # how a library's threads end is not our question; litellm's end in a crash


def _asked(cell: Cell, text: str) -> dict[str, object]:
    try:
        return {"said": plainly(cell(text))}
    except Exception as error:  # noqa: BLE001 - whatever a library throws is what this cell came to
        where = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{type(error).__name__}: {str(error)[:400]} ({Path(where.filename).name}:{where.lineno})"
        return {"error": told}
