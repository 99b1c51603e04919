"""What is said of the students to come."""

import math
from collections.abc import Sequence

import pytest

from shadowbert.domain.records import StudentRow
from shadowbert.flow.outlook import Outlook, Pace, outlook

STEEP = ((200, 0.0), (400, 0.18), (800, 0.48), (1600, 0.58))
FLAT = ((400, 0.40), (800, 0.42), (1600, 0.41), (3200, 0.42), (6400, 0.41))


def students(points: Sequence[tuple[int, float]], target: float = 0.95) -> list[StudentRow]:
    return [
        StudentRow(f"s{n}", "v", n, 0, "", "probe", size, 0.0, {"coverage": share, "target": target, "agreement": 0.9})
        for n, (size, share) in enumerate(points)
    ]


def seen(points: Sequence[tuple[int, float]], *, pace: Pace | None = None, due: int = 0) -> Outlook:
    examples = points[-1][0] if points else 0
    return outlook(students(points), 0.95, examples=examples, due=due, pace=pace or Pace())


@pytest.mark.parametrize(("points", "there"), [((), "is none"), (STEEP[:1], "is one")])
def test_two_students_are_needed(points: Sequence[tuple[int, float]], there: str) -> None:
    assert seen(points).words == f"two students are needed for an estimate, there {there}"


def test_a_promise_has_a_range_and_a_date() -> None:
    found = seen(STEEP, pace=Pace(calls_per_example=2.0, calls_per_day=1000.0))
    assert found.goal == 0.6
    assert found.examples is not None
    assert found.words.startswith("60 % of calls at 95 % agreement after about ")
    assert found.words.endswith(" at the present rate")
    assert " more calls (" in found.words
    assert [point.examples for point in found.points] == [200, 400, 800, 1600]
    assert found.band[-1][0] == 6400


def test_no_student_comes_before_it_is_due() -> None:
    early, late = seen(STEEP), seen(STEEP, due=3200)
    assert early.examples is not None
    assert late.examples is not None
    assert early.examples.low == 1600, "the goal may be reached already"
    assert late.examples.low == 3200


def test_what_is_reached_gives_way_to_the_next_goal() -> None:
    assert seen((*STEEP, (3200, 0.70))).goal == 0.8
    assert seen(((200, 0.85), (400, 0.95))).words == "the latest student is expected to cover 95 %"


def test_what_will_not_be_reached_is_said() -> None:
    found = seen(FLAT)
    assert found.examples is not None
    assert math.isinf(found.examples.low)
    assert found.words.startswith("60 % of calls at 95 % agreement will not be covered with this encoder: ")
    assert found.words.endswith(" with 4 times the examples")


def test_a_doubt_is_said() -> None:
    found = seen(((200, 0.30), (400, 0.50), (800, 0.62)))
    assert found.words.endswith("at best, and perhaps never with this encoder")


def test_nothing_is_made_of_nothing() -> None:
    assert seen(((200, 0.0), (400, 0.0))).words == (
        "no student so far was expected to cover even 5 % of calls at 95 % agreement: no estimate"
    )


def test_students_of_another_target_do_not_count() -> None:
    found = outlook(students(STEEP, target=0.9), 0.95, examples=1600, due=0, pace=Pace())
    assert found.words == "two students are needed for an estimate, there is none"
