"""When a child counts as stuck."""

import os

import psutil
import pytest

from shadowbert.worker.vigil import SILENCE, Vigil, worked

PATIENCE_S = 60.0
Look = tuple[float, int, float]
"""When, lines so far, processor seconds so far."""


def judged(*looks: Look) -> list[str]:
    times = iter([at for at, _, _ in looks])
    vigil = Vigil(PATIENCE_S, lambda: next(times))
    return [vigil.stuck(lines, seconds) for _, lines, seconds in looks]


def test_words_are_signs_of_life() -> None:
    assert judged((0, 0, 0.0), (59, 1, 0.0), (118, 2, 0.0), (177, 3, 0.0)) == ["", "", "", ""]


def test_work_is_a_sign_of_life() -> None:
    assert judged((0, 1, 5.0), (59, 1, 9.0), (118, 1, 12.0), (177, 1, 13.0)) == ["", "", "", ""]


def test_neither_is_none() -> None:
    told = judged((1000, 1, 5.0), (1059, 1, 5.9), (1060, 1, 5.9))
    assert told == ["", "", "neither a word nor work for 1 minute"]


def test_a_little_work_again_and_again_adds_up() -> None:
    assert not any(judged(*((30.0 * n, 1, 0.6 * n) for n in range(20))))


def test_work_without_a_word_is_believed_for_long_but_not_for_ever() -> None:
    told = judged(*((30.0 * n, 1, 30.0 * n) for n in range(2 * SILENCE + 1)))
    assert told == [""] * (2 * SILENCE) + ["no word for 12 minutes"]


@pytest.mark.parametrize("start", [-5.0, 0.0, 1e6])
def test_the_first_look_starts_the_clock(start: float) -> None:
    assert judged((start, 0, 0.0), (start + 59, 0, 0.0)) == ["", ""]


def test_processor_time_of_a_process() -> None:
    assert worked(os.getpid()) > 0
    gone = max(psutil.pids()) + 100_000
    assert worked(gone) == 0.0
