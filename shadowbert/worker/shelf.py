"""The students that this worker has opened: the artifacts that serve, run one input at a time as serving does."""

from collections import OrderedDict
from pathlib import Path

from shadowbert.bert.serving.artifact import open_artifact
from shadowbert.bert.serving.runtime import Student
from shadowbert.domain.student import Guess


class StudentShelf:
    """Keeps the most recently used ones open."""

    def __init__(self, *, room: int = 4, threads: int = 1) -> None:
        self._students: OrderedDict[str, Student] = OrderedDict()
        self._room = room
        self._threads = threads

    def guess(self, student_id: str, artifact: str, text: str) -> Guess:
        """Raises ArtifactInvalid."""
        student = self._students.get(student_id)
        if student is None:
            student = Student(open_artifact(Path(artifact)), threads=self._threads)
            self._students[student_id] = student
            if len(self._students) > self._room:
                self._students.popitem(last=False)
        self._students.move_to_end(student_id)
        return student.guess(text)
