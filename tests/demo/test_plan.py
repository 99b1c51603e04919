from hypothesis import given
from hypothesis import strategies as st

from shadowbert.demo.labelled import LEAST_MESSAGES
from shadowbert.demo.plan import plan_for


@given(st.integers(LEAST_MESSAGES, 50_000))
def test_something_is_left_for_each_part(messages: int) -> None:
    plan = plan_for(messages)
    assert 200 <= plan.enough <= 1000
    assert plan.before - plan.enough >= 450
    assert 100 <= messages - plan.before <= 500
