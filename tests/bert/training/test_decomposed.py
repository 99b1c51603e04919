"""A list of labels, an optional field and an object that may be null: learnt field by field, written as one answer."""

import json
import random

from shadowbert.bert.serving.artifact import open_artifact
from shadowbert.bert.serving.runtime import Student
from shadowbert.bert.training.job import read_job
from shadowbert.bert.training.train import train
from shadowbert.domain.contract import Contract
from shadowbert.recognition.answer import read_answer, text_of, write_answer
from shadowbert.recognition.contract import read_contract
from shadowbert.recognition.validate import valid
from tests.bert.conftest import FILLER, MOODS, TOPICS, MakeJob

SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "topics": {"type": "array", "items": {"enum": list(TOPICS)}, "minItems": 1, "uniqueItems": True},
        "mood": {"enum": ["angry", "polite"]},
        "complaint": {
            "anyOf": [
                {"type": "null"},
                {"type": "object", "properties": {"about": {"enum": list(TOPICS)}}, "required": ["about"]},
            ]
        },
    },
    "required": ["topics", "complaint"],
    "additionalProperties": False,
}


def contract() -> Contract:
    read = read_contract(SCHEMA)
    assert read is not None
    return read


def says(chance: random.Random) -> tuple[str, str]:
    """A text and the teacher's answer to it."""
    topics = chance.sample(list(TOPICS), chance.choice([1, 1, 2]))
    mood = chance.choice([True, False, None])
    words = [word for topic in topics for word in chance.choices(TOPICS[topic], k=3)] + chance.choices(FILLER, k=2)
    words += [] if mood is None else chance.choices(MOODS[mood], k=4)
    chance.shuffle(words)
    answer: dict[str, object] = {"topics": topics, "complaint": None}
    if mood is not None:
        answer["mood"] = "angry" if mood else "polite"
    if mood and len(topics) == 1:
        answer["complaint"] = {"about": topics[0]}
    return " ".join(words), json.dumps(answer)


def test_from_the_teachers_texts_to_texts_of_our_own(make_job: MakeJob) -> None:
    chance, read = random.Random(4), contract()
    assert [field.name for field in read.fields] == [
        *("complaint", "complaint.about", "mood"),
        *("topics[card]", "topics[loan]", "topics[transfer]"),
    ]
    said = [says(chance) for _ in range(200)]
    examples = [
        {
            "id": f"e{i}",
            "input": text,
            "answer": list(read_answer(SCHEMA, read, answer) or ()),
            "split": ("train", "train", "train", "calibration", "heldout")[i % 5],
            "weight": 1.0,
        }
        for i, (text, answer) in enumerate(said)
    ]
    folder = make_job(examples=examples, contract=read.to_json())
    manifest = train(read_job(folder))
    assert manifest.scores["agreement.mood"] > 0.9
    assert manifest.scores["agreement.topics[card]"] > 0.9
    student = Student(open_artifact(folder / "artifact"))
    agreed = [_answered(student, text) == read_answer(SCHEMA, read, answer) for text, answer in said]
    assert sum(agreed) > 0.7 * len(agreed)


def _answered(student: Student, text: str) -> tuple[int, ...] | None:
    """What comes back of a local answer; None where the fields contradict each other, and the LLM answers."""
    pieces = write_answer(SCHEMA, contract(), student.guess(text).answer)
    if pieces is None:
        return None
    written = text_of(pieces)
    assert valid(SCHEMA, written)
    return read_answer(SCHEMA, contract(), written)
