"""Who is right where people have said what is: the teacher, the student, and how often the two agree.

Assumes calls drawn uniformly at random from those that the student might answer, each distinct input once, and a person
who was shown neither answer; then each count is binomial and its interval exact (`bounds`, Clopper & Pearson 1934, 5 %
on either side) for one look at a number of calls fixed before. For promotion the e-process is asked instead.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from shadowbert.domain.draw import Judged
from shadowbert.gating.bounds import lower, upper
from shadowbert.gating.wording import percent

DELTA = 0.05


@dataclass(frozen=True, slots=True)
class Part:
    """So many of so many."""

    of: int
    rows: int

    @property
    def share(self) -> float | None:
        return self.of / self.rows if self.rows else None

    @property
    def between(self) -> tuple[float, float]:
        if not self.rows:
            return 0.0, 1.0
        return lower(self.of, self.rows, delta=DELTA), upper(self.of, self.rows, delta=DELTA)

    def words(self) -> str:
        """As people read it.

        >>> Part(45, 50).words(), Part(0, 0).words()
        ('45 of 50 (90 %, between 80.1 % and 95.9 %)', 'none')
        """
        if self.share is None:
            return "none"
        low, high = map(percent, self.between)
        return f"{self.of:,} of {self.rows:,} ({percent(self.share)}, between {low} and {high})"


@dataclass(frozen=True, slots=True)
class Truth:
    """Of the calls that people have answered: who said the same as they."""

    both: int = 0
    teacher_only: int = 0
    student_only: int = 0
    same_and_wrong: int = 0
    neither: int = 0
    """They disagree, and both are wrong."""
    skipped: int = 0
    """People could not say; no part of the rows."""

    @property
    def rows(self) -> int:
        return self.both + self.teacher_only + self.student_only + self.same_and_wrong + self.neither

    @property
    def teacher(self) -> Part:
        return Part(self.both + self.teacher_only, self.rows)

    @property
    def student(self) -> Part:
        return Part(self.both + self.student_only, self.rows)

    @property
    def agreement(self) -> Part:
        return Part(self.both + self.same_and_wrong, self.rows)

    @property
    def disagreements(self) -> int:
        return self.teacher_only + self.student_only + self.neither

    @property
    def student_in_disagreements(self) -> Part:
        return Part(self.student_only, self.disagreements)

    @property
    def teacher_in_disagreements(self) -> Part:
        return Part(self.teacher_only, self.disagreements)


def compare(rows: Iterable[Judged]) -> Truth:
    """Counts rows that are fresh to the student alone: of what it was taught it knows the answer.

    >>> told = Judged(1, person=(0,), teacher=(1,), student=(0,), in_slice=True, fresh=True)
    >>> found = compare([told])
    >>> found.student.of, found.teacher.of, found.disagreements
    (1, 0, 1)
    """
    counts = dict.fromkeys(("both", "teacher_only", "student_only", "same_and_wrong", "neither", "skipped"), 0)
    for row in rows:
        if row.fresh:
            counts[_kind(row)] += 1
    return Truth(**counts)


def _kind(row: Judged) -> str:
    if row.person is None:
        return "skipped"
    if row.student == row.teacher:
        return "both" if row.right else "same_and_wrong"
    if row.right:
        return "student_only"
    return "teacher_only" if row.teacher == row.person else "neither"
