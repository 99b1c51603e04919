"""Which student is taken away."""

import pytest

from shadowbert.domain.task import Stage
from shadowbert.errors import OperatorError, UnknownTask
from shadowbert.flow.takeaway import Takeaway
from shadowbert.store.store import Store
from shadowbert.testing.lineage import Lineage, found


@pytest.fixture
def line(sqlite_store: Store) -> Lineage:
    return found(sqlite_store)


def chosen(line: Lineage, **asked: object) -> int:
    version, student = Takeaway(line.store).chosen("bank", **asked)  # type: ignore[arg-type]
    assert version.id == student.version_id
    return student.number


def test_the_newest_where_none_serves(line: Lineage) -> None:
    line.student()
    line.student(number=2)
    assert chosen(line) == 2
    assert chosen(line, number=1) == 1


def test_what_serves_goes_before_what_is_newer(line: Lineage) -> None:
    champion = line.candidate(line.student())
    line.student(number=2)
    line.move(Stage.LIVE, candidate=champion)
    assert chosen(line) == 1
    assert chosen(line, number=2) == 2
    assert chosen(line, version=line.version_id[:30]) == 1


def test_refusals_say_what_there_is(line: Lineage) -> None:
    with pytest.raises(OperatorError, match="task bank has no student yet: `shadowbert status` says what is missing"):
        chosen(line)
    line.student()
    line.student(number=2)
    with pytest.raises(OperatorError, match="task bank has no student 7; there are 1, 2"):
        chosen(line, number=7)
    with pytest.raises(OperatorError, match="no version begins with 'x'"):
        chosen(line, version="x")
    with pytest.raises(UnknownTask, match="known tasks: bank"):
        Takeaway(line.store).chosen("bnak")
