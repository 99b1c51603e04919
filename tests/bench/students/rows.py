"""The streams as tasks of ours: a contract, and rows with the teacher's answer as the contract counts it.

Reads the measurement data beside the repository and copies nothing; knows no student.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shadowbert.curation.examples import LabelledRow, distinct
from shadowbert.domain.contract import Answer, Contract
from shadowbert.domain.records import ExampleRow
from shadowbert.recognition.answer import read_answer
from shadowbert.recognition.contract import read_contract
from shadowbert.recognition.fingerprint import input_hash
from tests.bench.data import DATA

ALONE = "label"
"""What the field is called where the teacher's answer is no object."""
Shares = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A row of the tables: a file of DATA and what of its answers is asked for."""

    name: str
    file: str
    key: str = "teacher"
    only: str | None = None
    """One field of several."""
    repeats: bool = True
    """Whether texts that come again are kept, as in the published table."""
    published: Shares = ()
    """Student to the share it serves in the table of the data's README; empty where it has no row there."""


def _published(tfidf: float, peer: float, frozen: float) -> Shares:
    return (("tfidf", tfidf), ("shad0wllm", peer), ("frozen", frozen))


CASES = (
    Case("banking77-gpt4", "banking77-gpt4", published=_published(0, 0, 0.34)),
    Case("banking77-gpt4o", "banking77-gpt4", key="teacher_gpt4o", published=_published(0.15, 0.43, 0.71)),
    Case("hatespeech", "hatespeech-gpt35", published=_published(0.55, 0, 0.58)),
    Case("centralbank-time", "centralbank-gpt41", only="time", published=_published(0.73, 0.69, 0.54)),
    Case("centralbank-certain", "centralbank-gpt41", only="certain", repeats=False, published=_published(0.2, 0.08, 0)),
    Case("centralbank-stance", "centralbank-gpt41", only="stance", repeats=False, published=_published(0, 0, 0)),
    Case("centralbank-whole", "centralbank-gpt41", repeats=False, published=(("frozen", 0.0),)),
    Case("banking77-gold", "banking77-gold"),
    Case("sms-spam-gold", "sms-spam-gold"),
    Case("trec-gold", "trec-gold"),
    Case("nlupp-gold", "nlupp-gold"),
)


@dataclass(frozen=True, slots=True)
class Row:
    text: str
    answer: Answer
    gold: Answer | None
    """A person's answer; None where there is none that the contract knows."""


@dataclass(frozen=True, slots=True)
class Task:
    case: Case
    contract: Contract
    rows: tuple[Row, ...]


def read(case: Case) -> Task:
    """Rows whose answer is none of the contract's are left out, as the product would: one that names a label twice."""
    with (DATA / f"{case.file}.jsonl").open(encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row.get(case.key) is not None]
    if not case.repeats:
        rows = list({row["text"]: row for row in reversed(rows)}.values())[::-1]
    answers = [_object(row[case.key], case) for row in rows]
    schema = _schema(answers)
    contract = read_contract(schema)
    assert contract is not None
    said = [(row, read_answer(schema, contract, json.dumps(own))) for row, own in zip(rows, answers, strict=True)]
    known = (Row(row["text"], own, _gold(row, schema, contract)) for row, own in said if own is not None)
    return Task(case, contract, tuple(known))


def examples(rows: Sequence[Row]) -> list[ExampleRow]:
    """As the product would learn them: distinct inputs, a vote where the teacher contradicts itself."""
    return distinct(
        LabelledRow(row.text, input_hash(row.text), row.answer, seq, f"e{seq}") for seq, row in enumerate(rows)
    )


def _gold(row: Mapping[str, Any], schema: Mapping[str, object], contract: Contract) -> Answer | None:
    return read_answer(schema, contract, json.dumps({ALONE: row["gold"]})) if "gold" in row else None


def _object(answer: Any, case: Case) -> dict[str, Any]:
    if not isinstance(answer, dict):
        return {ALONE: answer}
    return answer if case.only is None else {case.only: answer[case.only]}


def _schema(answers: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    properties = {}
    for name in answers[0]:
        labels = sorted({label for answer in answers for label in _labels(answer[name])})
        choice = {"type": "string", "enum": labels}
        many = isinstance(answers[0][name], list)
        properties[name] = {"type": "array", "items": choice, "uniqueItems": True} if many else choice
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def _labels(said: Any) -> Iterator[str]:
    yield from said if isinstance(said, list) else [said]
