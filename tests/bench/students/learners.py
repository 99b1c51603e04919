"""The students: the product's recipes by its own training child, and the baselines by drivers, all asked the same way.

Each learns a lesson and answers texts that it has not seen. Knows no thresholds and no tables.
"""

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, get_args

from shadowbert.bert.serving.artifact import HELDOUT, open_artifact
from shadowbert.bert.serving.runtime import Student
from shadowbert.bert.training.job import Recipe
from shadowbert.domain.contract import Answer, Contract
from shadowbert.domain.records import ExampleRow
from shadowbert.errors import InputTooLong
from shadowbert.flow.lesson import lesson as lines_of
from shadowbert.flow.recipes import Recipes
from shadowbert.gating.threshold import Scored
from tests.bench.students.child import Ended, run
from tests.clients.environments import Library

RECIPES: tuple[str, ...] = get_args(Recipe)
CHOSEN = "chosen"
"""The product as it comes: what is worth trying on so many, the best by held-out agreement published."""
DRIVERS = Path(__file__).parent / "drivers"
PEER = Library("shad0wllm", "", ("shad0wllm[compile]==0.4.0",))


@dataclass(frozen=True, slots=True)
class Lesson:
    contract: Contract
    examples: Sequence[ExampleRow]
    asked: Sequence[str]
    seed: int
    judged: bool
    """Whether the student must say how sure it was on rows of the lesson that it did not learn."""


@dataclass(frozen=True, slots=True)
class Said:
    answer: Answer
    confidence: float


@dataclass(frozen=True, slots=True)
class Learned:
    said: tuple[Said, ...]
    """One for each text asked."""
    own: tuple[Scored, ...]
    """Held out, or out of fold: where a threshold may be chosen. Empty unless the lesson asked for it."""
    cost: Ended
    """Of the process that learnt; a baseline's has answered in it too."""
    recipe: str = ""


class Learner(Protocol):
    @property
    def name(self) -> str: ...

    def learns(self, contract: Contract) -> bool: ...

    def learn(self, lesson: Lesson) -> Learned:
        """Raises Failed."""
        ...


@dataclass(frozen=True, slots=True)
class Product:
    """Splits, trains, publishes and serves as the product does."""

    name: str

    def recipes(self, examples: int) -> Sequence[str]:
        return (
            Recipes().worth_trying(examples) if self.name == CHOSEN else tuple(dict.fromkeys((RECIPES[0], self.name)))
        )

    def learns(self, contract: Contract) -> bool:
        return bool(contract.fields)

    def learn(self, lesson: Lesson) -> Learned:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            self._write(folder, lesson)
            ended = run([sys.executable, "-m", "shadowbert.bert.training", name])
            artifact = open_artifact(folder / "student")
            student = Student(artifact)
            said = tuple(_ask(student, text) for text in lesson.asked)
            rows = [json.loads(line) for line in artifact.read(HELDOUT).splitlines()]
            own = tuple(Scored(row["joint"], row["agreed"]) for row in rows)
            return Learned(said, own, ended, artifact.manifest.recipe)

    def _write(self, folder: Path, lesson: Lesson) -> None:
        lines = lines_of(lesson.examples)
        order = {
            "contract": lesson.contract.to_json(),
            "recipes": self.recipes(len(lesson.examples)),
            "seed": lesson.seed,
            "cutoff": 0,
            "artifact_dir": str(folder / "student"),
        }
        (folder / "examples.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
        (folder / "job.json").write_text(json.dumps(order), "utf-8")


@dataclass(frozen=True, slots=True)
class Driven:
    """A student behind a script that reads a lesson and says all answers as JSON."""

    name: str
    command: tuple[str, ...]
    single: bool = False
    """Knows one field only."""

    def learns(self, contract: Contract) -> bool:
        return not self.single or len(contract.fields) == 1

    def learn(self, lesson: Lesson) -> Learned:
        order = {
            "rows": [[example.input, example.answer] for example in lesson.examples],
            "asked": list(lesson.asked),
            "seed": lesson.seed,
            "judged": lesson.judged,
        }
        with tempfile.TemporaryDirectory() as name:
            given = Path(name) / "lesson.json"
            given.write_text(json.dumps(order), "utf-8")
            ended = run(self.command, given)
        return _heard(json.loads(ended.output), ended)


def tfidf() -> Driven:
    return Driven("tfidf", (sys.executable, "-B", str(DRIVERS / "tfidf.py")))


def peer() -> Driven:
    """Builds its environment below .clients/; raises Unavailable where the package indexes are not to be had."""
    PEER.build()
    return Driven("shad0wllm", (str(PEER.folder / "bin" / "python"), "-B", str(DRIVERS / "peer.py")), single=True)


def products(names: Sequence[str]) -> Iterator[Product]:
    """The last one is the one that is judged."""
    for name in names:
        if name not in (*RECIPES, CHOSEN):
            raise SystemExit(f"there is no recipe {name}; there are {', '.join((*RECIPES, CHOSEN))}")
        yield Product(name)


def _ask(student: Student, text: str) -> Said:
    """What is too long for the student is never served; of equal confidence 0 it comes last."""
    try:
        guess = student.guess(text)
    except InputTooLong:
        return Said((), 0.0)
    return Said(guess.answer, guess.joint)


def _heard(told: Mapping[str, Any], cost: Ended) -> Learned:
    said = tuple(Said(tuple(answer), confidence) for answer, confidence in told["said"])
    own = tuple(Scored(confidence, agreed) for confidence, agreed in told["own"])
    return Learned(said, own, cost)
