"""Labels that a student was taught too seldom to be let say them, as they were when it was trained."""

from shadowbert.curation.learnable import withheld
from shadowbert.domain.records import StudentRow, VersionRow
from shadowbert.flow.ledger import Work
from shadowbert.flow.material import answers_in
from shadowbert.flow.taught import taught


def untaught(work: Work, version: VersionRow, student: StudentRow) -> frozenset[tuple[int, int]]:
    """(field, label) pairs."""
    known, left_out = taught(work, version, until_seq=student.cutoff_seq), work.students.left_out(student.id)
    return withheld(version.contract, answers_in(e for e in known if e.input_hash not in left_out))
