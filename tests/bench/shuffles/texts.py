"""A stream as a life needs it: every text once embedded, named and answered."""

from dataclasses import dataclass
from pathlib import Path

from shadowbert.bert.training.heads import Floats32
from shadowbert.recognition.fingerprint import input_hash
from tests.bench.shuffles.students import embed
from tests.bench.students.rows import Case, read


@dataclass(frozen=True, slots=True)
class Texts:
    name: str
    features: Floats32
    hashes: tuple[str, ...]
    answers: tuple[tuple[int, ...], ...]
    sizes: tuple[int, ...]
    """Outcomes a field."""


def load(case: Case, *, calls: int, folder: Path) -> Texts:
    """At most so many calls."""
    task = read(case)
    rows = task.rows[:calls]
    return Texts(
        name=case.name,
        features=embed([row.text for row in rows], folder),
        hashes=tuple(input_hash(row.text) for row in rows),
        answers=tuple(row.answer for row in rows),
        sizes=tuple(field.classes for field in task.contract.fields),
    )
