"""How candidates come and go. A new one gathers evidence from the next loaded call on and spends the next alpha."""

from shadowbert.domain.ids import uuid7
from shadowbert.domain.records import CandidateRow, StudentRow, VersionRow
from shadowbert.domain.student import Slice
from shadowbert.flow.ledger import Work
from shadowbert.flow.rule import never_local


def enter(
    work: Work, student: StudentRow, version: VersionRow, served: Slice, *, at: float, expected_coverage: float = 0.0
) -> CandidateRow:
    """Let a student with a slice gather evidence, less what no student of the version may answer."""
    candidate = CandidateRow(
        id=uuid7(),
        task_id=version.task_id,
        version_id=version.id,
        student_id=student.id,
        number=work.candidates.next_number(version.task_id),
        slice=Slice(served.threshold, served.excluded | never_local(work, version)),
        start_seq=work.exchanges.last_seq(),
        expected_coverage=expected_coverage,
        entered_at=at,
    )
    work.candidates.enter(candidate)
    return candidate


def retire_and_reenter(
    work: Work, candidate: CandidateRow, *, why: str, at: float, served: Slice | None = None
) -> CandidateRow | None:
    """End a candidate and enter the same student anew, with the same slice unless another is given: what comes after a
    fall must be earned again, and so must what comes after a change of slice.
    """
    work.candidates.retire(candidate.id, why)
    student, version = work.students.get(candidate.student_id), work.tasks.version(candidate.version_id)
    if student is None or version is None:
        return None
    hoped = candidate.expected_coverage
    return enter(work, student, version, served or candidate.slice, at=at, expected_coverage=hoped)
