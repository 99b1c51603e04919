"""What the product promises of finding tasks, held to labelled mixes of traffic. `python -m tests.mixes` shows each."""

import pytest

from tests.mixes.catalogue import mixes
from tests.mixes.run import scored
from tests.mixes.score import Score


@pytest.fixture(scope="module")
def score() -> Score:
    return scored()


def test_there_are_many_mixes_of_every_shape() -> None:
    names = [mix.name for mix in mixes()]
    assert len(set(names)) == len(names)
    assert len(names) >= 90


@pytest.mark.slow
def test_tasks_are_found_and_nothing_else(score: Score) -> None:
    assert score.precision >= 0.98, score.table()
    assert score.recall >= 0.98, score.table()
    assert score.strangers == 0, score.table()
    assert score.poisoned == 0, score.table()
    assert score.linked >= 500, score.table()
    assert score.splits <= 1.05, score.table()


@pytest.mark.slow
def test_the_input_holds_what_is_asked_about_and_no_changing_example(score: Score) -> None:
    assert score.slots >= 0.98, score.table()
    assert score.bare >= 0.95, score.table()


@pytest.mark.slow
def test_a_changed_task_leaves_its_version_at_once_and_founds_its_own(score: Score) -> None:
    assert score.late <= 1, score.table()
    assert score.wait <= 20, score.table()
