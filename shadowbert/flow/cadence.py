"""From how many examples on a version gets its next student by itself, or why it gets none.

Knows sizes and scores of students; neither starts trainings nor says who does.
"""

from dataclasses import dataclass

from shadowbert.domain.records import StudentRow, VersionRow
from shadowbert.domain.task import Policy
from shadowbert.flow.ledger import Work
from shadowbert.gating.cadence import Grown, next_size, stalled

AGREEMENT = "agreement"
"""The score of a student that doublings are to raise."""


@dataclass(frozen=True, slots=True)
class Next:
    """`examples` is None where no further doubling is worth a training; `why` says so in words."""

    examples: int | None
    why: str = ""


NEVER = Next(None)


def next_student(work: Work, version: VersionRow, policy: Policy) -> Next:
    """Growth ends only where something serves or gathers evidence: a task without has nothing else to wait for, and
    the same agreement on more held-out rows may open a threshold that few rows did not.
    """
    students = work.students.of_version(version.id)
    gains = stalled([Grown(s.examples, s.scores[AGREEMENT]) for s in students if AGREEMENT in s.scores])
    if gains is None or not _tuned(students, policy) or not work.candidates.active(version.id):
        return Next(next_size(policy.first_training, work.jobs.last_size(version.id)))
    first, second = (100 * gain for gain in gains)
    return Next(None, f"no further doubling: the last two gained {first:.1f} and {second:.1f} points")


def _tuned(students: list[StudentRow], policy: Policy) -> bool:
    """Whether the latest student had every recipe to choose from: the next doubling may bring in a better one."""
    return students[-1].examples >= policy.fine_tune_from
