from hypothesis import given
from hypothesis import strategies as st

from shadowbert.demo.pace import CAREFUL, FAST, STEADY, TRICKLE, Pace, pace_of
from shadowbert.demo.progress import Progress
from shadowbert.domain.task import Stage
from tests.demo.examples import candidate, progress, training


def test_fast_until_there_is_enough_to_learn_from() -> None:
    assert pace_of(Progress(), 800) is FAST
    assert pace_of(progress(examples=799), 800) is FAST


def test_a_trickle_while_the_first_student_is_trained() -> None:
    assert pace_of(progress(examples=810, training=training()), 800) is TRICKLE


def test_fast_again_when_the_first_student_was_not_good_enough() -> None:
    assert pace_of(progress(examples=810), 800) is FAST


def test_a_later_training_does_not_stop_the_evidence() -> None:
    later = progress(Stage.SHADOW, candidates=(candidate(),), training=training(1600))
    assert pace_of(later, 800) is STEADY


def test_careful_in_canary_and_fast_when_live() -> None:
    assert pace_of(progress(Stage.CANARY), 800) is CAREFUL
    assert pace_of(progress(Stage.LIVE), 800) is FAST


@given(st.integers(0, 20), st.integers(0, 200), st.floats(0, 10))
def test_every_limit_holds(under_way: int, ahead: int, since_s: float) -> None:
    pace = Pace(at_once=3, lead=50, every_s=1.0)
    allowed = pace.allows(under_way=under_way, ahead=ahead, since_s=since_s)
    assert allowed == (under_way < 3 and ahead < 50 and since_s >= 1.0)
