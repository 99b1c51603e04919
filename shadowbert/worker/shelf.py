"""The students that this worker has opened: the artifacts that serve, run one input at a time as serving does."""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from shadowbert.bert.serving.artifact import open_artifact
from shadowbert.bert.serving.runtime import Student
from shadowbert.domain.student import Guess

Look = frozenset[tuple[str, int, int, int]]
"""Name, size, time of change and inode of each file in a folder."""


@dataclass(frozen=True, slots=True)
class _Opened:
    student: Student
    look: Look


class StudentShelf:
    """Keeps the most recently used ones open, for as long as their files lie there as they were opened."""

    def __init__(self, home: Path = Path(), *, room: int = 4, threads: int = 1, device: str = "cpu") -> None:
        self._home = home
        self._opened: OrderedDict[str, _Opened] = OrderedDict()
        self._room = room
        self._threads, self._device = threads, device

    def guess(self, student_id: str, artifact: str, text: str) -> Guess:
        """Raises ArtifactInvalid, also when the files were damaged after they were opened."""
        folder = self._home / artifact
        opened, look = self._opened.get(student_id), _look(folder)
        if opened is None or opened.look != look:
            self._opened.pop(student_id, None)
            opened = _Opened(Student(open_artifact(folder), threads=self._threads, device=self._device), look)
            self._opened[student_id] = opened
            if len(self._opened) > self._room:
                self._opened.popitem(last=False)
        self._opened.move_to_end(student_id)
        return opened.student.guess(text)


def _look(folder: Path) -> Look:
    """Empty where there is no such folder; what is wrong with it, opening it will tell."""
    try:
        stats = [(file.name, file.stat()) for file in folder.iterdir()]
    except OSError:
        return frozenset()
    return frozenset((name, stat.st_size, stat.st_mtime_ns, stat.st_ino) for name, stat in stats)
