"""The alarm of clients who ask again: how rarely it is wrong, whatever clients do by themselves, and how soon right."""

import math
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.evidence import Move
from shadowbert.domain.task import CANARY_SHARES, Policy, Stage
from shadowbert.gating.gate import ASKED_AGAIN, CanaryEvidence, judge_canary
from shadowbert.gating.retries import ALARM_AT, HOLD_AT, Repeats, e_value

LIVES, INPUTS = 2_000, 300
counts = st.integers(0, 150)
shares = st.sampled_from(CANARY_SHARES[:2])


@cache
def table(share: float) -> npt.NDArray[np.float64]:
    """E by the number of inputs that were asked again, and how many of them were the student's."""
    found = np.zeros((INPUTS + 1, INPUTS + 1))
    for rows in range(INPUTS + 1):
        found[rows, : rows + 1] = [e_value(Repeats(k, rows - k), share) for k in range(rows + 1)]
    return found


def values(students: npt.NDArray[np.bool_], share: float) -> npt.NDArray[np.float64]:
    """E after each input that was asked again, a life a row."""
    found: npt.NDArray[np.float64] = table(share)[np.arange(1, students.shape[1] + 1), students.cumsum(axis=1)]
    return found


@pytest.mark.parametrize("share", CANARY_SHARES[:2])
def test_clients_that_repeat_by_themselves_raise_no_alarm(share: float) -> None:
    """Every input in the table comes again, who cares why: the lot alone says whose it was. Looked at after each."""
    lots = np.random.default_rng(8).random((LIVES, INPUTS)) < share
    highest = values(lots, share).max(axis=1)
    for level in (HOLD_AT, ALARM_AT):
        assert (highest >= level).mean() <= 1 / level + 3 * math.sqrt(1 / level / LIVES)


@pytest.mark.parametrize(
    ("share", "base", "after", "most"),
    [(0.05, 0.0, 0.3, 200), (0.05, 0.01, 0.3, 300), (0.25, 0.01, 0.3, 90), (0.25, 0.05, 0.3, 200)],
)
def test_how_many_inputs_show_a_student_whose_answers_are_asked_again(
    share: float, base: float, after: float, most: int
) -> None:
    """Clients repeat `base` of all inputs by themselves, and `after` of those that the student answered."""
    rng = np.random.default_rng(9)
    needed = []
    for _ in range(200):
        student = rng.random(2000) < share
        again = rng.random(2000) < np.where(student, after, base)
        found = values(student[None, again][:, :INPUTS], share)[0]
        reached = np.flatnonzero(found >= ALARM_AT)
        needed.append(int(np.flatnonzero(again)[reached[0]]) + 1 if len(reached) else 2001)
    assert float(np.median(needed)) <= most


@given(student=counts, llm=counts, share=shares)
def test_more_of_the_students_speak_against_it_and_more_of_the_llms_for_it(
    student: int, llm: int, share: float
) -> None:
    now = e_value(Repeats(student, llm), share)
    assert e_value(Repeats(student + 1, llm), share) >= now >= e_value(Repeats(student, llm + 1), share)


@given(student=st.integers(0, 60), llm=st.integers(0, 60), share=st.floats(0.01, 0.99))
def test_what_the_lot_decides_wins_nothing_on_average(student: int, llm: int, share: float) -> None:
    """The next input multiplies E by 1 in expectation: it is a martingale, so it may be looked at at any time."""
    expected = share * e_value(Repeats(student + 1, llm), share) + (1 - share) * e_value(
        Repeats(student, llm + 1), share
    )
    assert expected == pytest.approx(e_value(Repeats(student, llm), share), rel=1e-9)


def judged(repeats: Repeats, rows: int = 60) -> tuple[Move, str]:
    verdict = judge_canary(CanaryEvidence(0.05, rows, 0.5, repeats), Policy())
    return verdict.move, verdict.reason


def test_the_gate_steps_up_holds_and_takes_down() -> None:
    assert judged(Repeats(1, 6))[0] is Move.PROMOTE
    move, reason = judged(Repeats(2, 1))
    assert (move, reason[-18:]) == (Move.HOLD, " That may be luck.")
    assert "for 2 inputs that it answered and 1 that the LLM did, by lot 5 % of them" in reason
    down = judge_canary(CanaryEvidence(0.05, 3, 0.5, Repeats(5, 0)), Policy())
    assert (down.move, down.stage) == (Move.DEMOTE, Stage.SHADOW)
    assert down.numbers[ASKED_AGAIN] >= ALARM_AT


def test_without_a_lot_there_is_no_evidence() -> None:
    assert e_value(Repeats(50, 0), 1.0) == e_value(Repeats(50, 0), 0.0) == 0.0


def test_no_count_is_too_large() -> None:
    assert math.isfinite(e_value(Repeats(10**6, 0), 0.05))
