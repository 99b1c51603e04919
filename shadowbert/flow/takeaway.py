"""Which student of a task people mean when they take one away. Knows no files."""

import re
from dataclasses import dataclass

from shadowbert.domain.records import StudentRow, VersionRow
from shadowbert.errors import OperatorError
from shadowbert.flow.ledger import Ledger, Work
from shadowbert.flow.named import by_id, named


@dataclass(frozen=True, slots=True)
class Takeaway:
    ledger: Ledger

    def chosen(self, task: str, *, version: str = "", number: int | None = None) -> tuple[VersionRow, StudentRow]:
        """The student of this number, else the one that serves, else the newest; of this version, else of the newest
        that has any.

        Raises UnknownTask and OperatorError.
        """
        with self.ledger.read() as work:
            known = named(work.tasks, task)
            asked = [by_id(known, version)] if version else known
            serving = [own for own in asked if own.stage.serves]
            for own in [*serving, *asked[::-1]]:
                students = work.students.of_version(own.id)
                if number is not None:
                    students = [student for student in students if student.number == number]
                if students:
                    return own, _champion(work, own, students) or students[-1]
            raise OperatorError(_none(work, task, asked, number))


def folder_name(version: VersionRow, student: StudentRow) -> str:
    """A task may be called anything; a folder may not."""
    name = re.sub(r"[^\w.-]+", "-", version.task).strip(".-")[:80] or "task"
    return f"{name}-student-{student.number}"


def _champion(work: Work, version: VersionRow, students: list[StudentRow]) -> StudentRow | None:
    candidate = work.candidates.get(version.candidate_id) if version.candidate_id and version.stage.serves else None
    return next((student for student in students if candidate and student.id == candidate.student_id), None)


def _none(work: Work, task: str, asked: list[VersionRow], number: int | None) -> str:
    numbers = sorted({student.number for own in asked for student in work.students.of_version(own.id)})
    if number is None or not numbers:
        return f"task {task} has no student yet: `shadowbert status` says what is missing"
    return f"task {task} has no student {number}; there are {', '.join(map(str, numbers))}"
