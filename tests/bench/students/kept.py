"""A learner whose results are kept: a table of hours is made in several sittings, and after a fault not from the start.

Knows no learner; a result is kept for one lesson and for the code that it came of, and for nothing else.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from shadowbert.domain.contract import Contract
from tests.bench.students.learners import Learned, Learner, Lesson

ROOT = Path(__file__).parents[3]
BENCH = "tests/bench/students"
CODE = (
    "shadowbert/bert", "shadowbert/curation", "shadowbert/flow/recipes.py",
    f"{BENCH}/learners.py", f"{BENCH}/child.py", f"{BENCH}/drivers",
)  # fmt: skip
_LEARNED = TypeAdapter(Learned)


@dataclass(frozen=True, slots=True)
class Kept:
    learner: Learner
    folder: Path
    code: str
    """Names the code that students come of."""

    @property
    def name(self) -> str:
        return self.learner.name

    def learns(self, contract: Contract) -> bool:
        return self.learner.learns(contract)

    def learn(self, lesson: Lesson) -> Learned:
        file = self.folder / f"{self.name}-{digest([self.code, self.name, _told(lesson)])}.json"
        if file.exists():
            return _LEARNED.validate_json(file.read_bytes())
        learned = self.learner.learn(lesson)
        self.folder.mkdir(parents=True, exist_ok=True)
        whole = file.with_suffix(".part")
        whole.write_bytes(_LEARNED.dump_json(learned))
        whole.rename(file)  # so that there is all of it or nothing
        return learned


def keep(learners: Iterable[Learner], folder: Path | None) -> list[Learner]:
    """As they are where there is no folder."""
    if folder is None:
        return list(learners)
    code = digest([path.read_text("utf-8") for path in sources()])
    return [Kept(learner, folder, code) for learner in learners]


def sources() -> list[Path]:
    """What a student may depend on."""
    roots = [ROOT / name for name in CODE]
    return sorted(path for root in roots for path in ([root] if root.is_file() else root.rglob("*.py")))


def digest(parts: Sequence[str]) -> str:
    """
    >>> digest(["ab", "c"]) == digest(["a", "bc"])
    False
    """
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


def _told(lesson: Lesson) -> str:
    known = [(example.input, example.answer, example.weight) for example in lesson.examples]
    return json.dumps([lesson.contract.to_json(), known, list(lesson.asked), lesson.seed, lesson.judged])
