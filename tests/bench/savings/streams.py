"""What is replayed, what a table before said of it, and what is aimed at. Copies nothing of the measurement data."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.data import DATA

Answer = Mapping[str, object]
INTENT = "Which of the 77 banking intents is this customer message?"


@dataclass(frozen=True, slots=True)
class Aim:
    """None where nothing is aimed at but to keep the promise."""

    live: int | None = None
    """At the latest, which call."""
    local: float | None = None
    """At least, share of all calls."""
    opens: bool = False
    """Whether anything at all must be answered locally."""


OPENS = Aim(opens=True)


@dataclass(frozen=True, slots=True)
class Stream:
    """A file of DATA, how many of its calls, and where the answers stand."""

    name: str
    file: str
    calls: int
    question: str
    aim: Aim = Aim()
    key: str = "teacher"
    field: str | None = None
    """The field that answers which are no objects go by."""
    only: str | None = None
    """The one field of several that is asked for."""
    thrown_away: str = "-"
    """Live, local, agreement: the better column of the throw-away table in the README of the data."""


STREAMS = (
    Stream(
        "sms-spam", "sms-spam-gold", 5_573, "Is this SMS spam or ham?",
        Aim(live=700, local=0.85), field="label", thrown_away="1,343 / 76 % / .984",
    ),
    Stream(
        "banking77-gpt4o", "banking77-gpt4", 3_080, INTENT,
        Aim(local=0.3), key="teacher_gpt4o", field="intent", thrown_away="1,971 / 21 % / .991",
    ),
    Stream("banking77-gpt4", "banking77-gpt4", 3_080, INTENT, field="intent"),
    Stream(
        "trec-coarse", "trec-gold", 5_952, "Which coarse type has the answer that this question asks for?",
        OPENS, only="coarse", thrown_away="never",
    ),
    Stream("trec", "trec-gold", 5_952, "Which coarse and fine type has the answer that this question asks for?"),
    Stream(
        "hatespeech", "hatespeech-gpt35", 7_000, "Does this forum sentence express hate?",
        OPENS, field="hate", thrown_away="never",
    ),
    Stream(
        "centralbank", "centralbank-gpt41", 6_000, "Classify the central-bank sentence: stance, time and certainty.",
    ),
    Stream("nlupp", "nlupp-gold", 3_080, "Which intents does the customer message carry?"),
    Stream(
        "banking77", "banking77-gold", 13_083, INTENT,
        Aim(live=1_200, local=0.7), field="intent", thrown_away="1,330 / 65 % of 9,000 / .970",
    ),
)  # fmt: skip


def read(stream: Stream) -> list[tuple[str, Answer]]:
    with (DATA / f"{stream.file}.jsonl").open(encoding="utf-8") as lines:
        rows = [(row["text"], row.get(stream.key)) for row in map(json.loads, lines)]
    return [(text, _object(answer, stream)) for text, answer in rows if answer is not None][: stream.calls]


def schema(rows: Sequence[tuple[str, Answer]], name: str) -> dict[str, object]:
    """The response format that a caller with these answers in mind would send."""
    labels: dict[str, set[str]] = defaultdict(set)
    lists = set()
    for _, answer in rows:
        for key, said in answer.items():
            labels[key].update(_labels(said))
            if isinstance(said, list):
                lists.add(key)
    properties = {key: _property(sorted(known), many=key in lists) for key, known in labels.items()}
    body = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"type": "json_schema", "json_schema": {"name": name.replace("-", "_"), "strict": True, "schema": body}}


def same(one: Answer, other: Answer) -> bool:
    """Whole objects; in what order a list names its labels does not matter.

    >>> same({"intents": ["spa", "hours"]}, {"intents": ["hours", "spa"]}), same({"a": "x"}, {"a": "y"})
    (True, False)
    """
    return {k: sorted(_labels(v)) for k, v in one.items()} == {k: sorted(_labels(v)) for k, v in other.items()}


def _object(answer: object, stream: Stream) -> Answer:
    if stream.field is not None:
        return {stream.field: answer}
    assert isinstance(answer, dict)
    return {stream.only: answer[stream.only]} if stream.only else answer


def _property(labels: Sequence[str], *, many: bool) -> dict[str, object]:
    choice: dict[str, object] = {"type": "string", "enum": labels}
    return {"type": "array", "items": choice} if many else choice


def _labels(said: object) -> Iterator[str]:
    yield from map(str, said) if isinstance(said, list) else (str(said),)
