"""Whether a new student still knows what people have corrected: nothing of it is trained away unseen.

Decides nothing: the gate counts agreement with the teacher, and a person may be right where the teacher is not.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from shadowbert.domain.records import Correction, StudentRow
from shadowbert.domain.student import Guess
from shadowbert.errors import StudentError

ASKED, RIGHT = "corrections", "corrections.right"
"""Scores of a student: how many corrected inputs it was asked, and how many of them it gets right."""
MOST = 500
"""Corrections that a student is asked, the latest ones: a few seconds."""


class Shelf(Protocol):
    """The students at hand in this process."""

    def guess(self, student_id: str, artifact: str, text: str) -> Guess:
        """Raises StudentError."""
        ...


def regression(shelf: Shelf, student: StudentRow, corrections: list[Correction]) -> dict[str, float]:
    """The scores; none where nobody has corrected anything."""
    asked = corrections[-MOST:]
    right = sum(_right(shelf, student, row) for row in asked)
    return {ASKED: float(len(asked)), RIGHT: float(right)} if asked else {}


def told(students: Iterable[StudentRow]) -> str:
    """What the latest student makes of the corrections, in words; empty where it was asked none."""
    scores: Mapping[str, float] = next((student.scores for student in reversed([*students])), {})
    if not scores.get(ASKED):
        return ""
    asked, right = int(scores[ASKED]), int(scores.get(RIGHT, 0))
    return f"the latest student gets {right} of {asked} corrected inputs right"


def _right(shelf: Shelf, student: StudentRow, row: Correction) -> bool:
    """What it cannot read, it does not get right."""
    try:
        return shelf.guess(student.id, student.artifact, row.input).answer == row.answer
    except StudentError:
        return False
