"""How candidates come and go. A new one gathers evidence from the next loaded call on and spends the next alpha."""

from dataclasses import replace

from shadowbert.domain.evidence import Departure
from shadowbert.domain.ids import uuid7
from shadowbert.domain.records import CandidateRow, StudentRow, VersionRow
from shadowbert.domain.student import Slice
from shadowbert.flow.ledger import Work
from shadowbert.flow.rule import never_local


def enter(
    work: Work, student: StudentRow, version: VersionRow, served: Slice, *, at: float, expected_coverage: float = 0.0
) -> CandidateRow:
    """Let a student with a slice gather evidence, less what no student of the version may answer, and less the labels
    that have left this student's slices.
    """
    out = never_local(work, version) | departed(work, version.id, student.id)
    candidate = CandidateRow(
        id=uuid7(),
        task_id=version.task_id,
        version_id=version.id,
        student_id=student.id,
        number=work.candidates.next_number(version.task_id),
        slice=Slice(served.threshold, served.excluded | out),
        start_seq=work.exchanges.last_seq(),
        expected_coverage=expected_coverage,
        entered_at=at,
    )
    work.candidates.enter(candidate)
    return candidate


def enter_without(
    work: Work, candidate: CandidateRow, gone: tuple[Departure, ...], *, at: float, expected_coverage: float
) -> CandidateRow:
    """Let a candidate's student gather evidence in its slice without labels that are shown bad there."""
    pairs = departed(work, candidate.version_id, candidate.student_id) | {departure.pair for departure in gone}
    without = replace(
        candidate,
        id=uuid7(),
        number=work.candidates.next_number(candidate.task_id),
        slice=Slice(candidate.slice.threshold, candidate.slice.excluded | pairs),
        start_seq=work.exchanges.last_seq(),
        expected_coverage=expected_coverage,
        entered_at=at,
        retired=None,
        departures=gone,
    )
    work.candidates.enter(without)
    return without


def forerunner(work: Work, candidate: CandidateRow) -> CandidateRow | None:
    """The candidate of whose slice this one is what was left when labels left it."""
    if not candidate.departures:
        return None
    earlier = [
        other
        for other in work.candidates.of_version(candidate.version_id)
        if (other.student_id, other.slice.threshold) == (candidate.student_id, candidate.slice.threshold)
        and other.number < candidate.number
        and other.slice.excluded < candidate.slice.excluded
    ]
    return earlier[-1] if earlier else None


def departures_of(work: Work, version_id: str, student_id: str) -> list[Departure]:
    """The labels that have left any of a student's slices."""
    every = work.candidates.of_version(version_id)
    return [gone for candidate in every if candidate.student_id == student_id for gone in candidate.departures]


def departed(work: Work, version_id: str, student_id: str) -> frozenset[tuple[int, int]]:
    """(field, label) pairs of those."""
    return frozenset(gone.pair for gone in departures_of(work, version_id, student_id))


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
