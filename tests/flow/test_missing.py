"""What a task waits for, in words."""

from dataclasses import replace

import pytest

from shadowbert.domain.records import TrainingJob
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.cadence import NEVER, Next
from shadowbert.flow.material import NOTHING
from shadowbert.flow.missing import until_operator, until_student
from tests.store.rows import a_version

POLICY = Policy(first_training=2_000)
DONE = TrainingJob("job", "version", "done", "2,000 examples", 0.0, message="no slice")


@pytest.mark.parametrize(
    ("examples", "said"),
    [
        (0, "2,000 more examples until the first student"),
        (1_999, "1 more example until the first student"),
        (2_000, "a student: a training is due"),
    ],
)
def test_the_first_student_needs_examples(examples: int, said: str) -> None:
    assert until_student(None, examples, Next(2_000), NOTHING, POLICY) == said


def test_a_better_student_is_planned_or_told_why_not() -> None:
    assert until_student(DONE, 2_000, Next(4_000), NOTHING, POLICY) == (
        "a better student, the next is trained at 4,000 examples; no slice"
    )
    told = until_student(DONE, 2_000, replace(NEVER, why="no further doubling"), NOTHING, POLICY)
    assert told == "a better student, no further doubling; no slice"


def test_what_is_under_way_is_said_before_anything_else() -> None:
    job = replace(DONE, state="running")
    assert until_student(job, 0, NEVER, NOTHING, POLICY) == "a student: one is being trained"


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        (Stage.PAUSED, "an operator's resume: the task is paused"),
        (Stage.OFF, "an operator's resume: the task is switched off"),
        (Stage.SHADOW, ""),
    ],
)
def test_a_stopped_task_waits_for_its_operator(stage: Stage, said: str) -> None:
    assert until_operator(a_version(stage=stage), [], POLICY) == said
