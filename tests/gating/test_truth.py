"""Who is right, counted."""

from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.draw import Judged
from shadowbert.gating.truth import Part, Truth, compare

ANSWERS = st.tuples(st.integers(0, 2))
ROWS = st.lists(
    st.builds(
        Judged, st.just(1), st.none() | ANSWERS, ANSWERS, ANSWERS, in_slice=st.booleans(), fresh=st.just(True)
    )
)  # fmt: skip


def a_row(person: int | None, teacher: int, student: int, *, fresh: bool = True) -> Judged:
    return Judged(1, None if person is None else (person,), (teacher,), (student,), in_slice=True, fresh=fresh)


def test_each_kind_has_its_place() -> None:
    rows = [a_row(0, 0, 0), a_row(0, 0, 1), a_row(0, 1, 0), a_row(0, 1, 1), a_row(0, 1, 2), a_row(None, 0, 0)]
    found = compare([*rows, a_row(0, 1, 0, fresh=False)])
    assert found == Truth(1, 1, 1, 1, 1, skipped=1)
    assert (found.teacher, found.student, found.agreement) == (Part(2, 5), Part(2, 5), Part(2, 5))
    assert (found.student_in_disagreements, found.teacher_in_disagreements) == (Part(1, 3), Part(1, 3))


@given(ROWS)
def test_counts_are_those_of_the_rows(rows: list[Judged]) -> None:
    found, told = compare(rows), [row for row in rows if row.person is not None]
    assert found.rows == len(told)
    assert found.rows + found.skipped == len(rows)
    assert found.teacher.of == sum(row.teacher == row.person for row in told)
    assert found.student.of == sum(row.student == row.person for row in told)
    assert found.agreement.of == sum(row.student == row.teacher for row in told)
    assert found.disagreements == found.rows - found.agreement.of


@given(st.integers(1, 300).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows))))
def test_a_share_lies_between_its_bounds(counted: tuple[int, int]) -> None:
    part = Part(*counted)
    low, high = part.between
    assert part.share is not None
    assert low <= part.share <= high
    assert Part(0, 0).between == (0.0, 1.0)
