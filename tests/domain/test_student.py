"""What a log keeps of a prediction."""

from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.student import Guess, Prediction

GUESSES = st.builds(
    Guess,
    answer=st.tuples(st.integers(0, 5)),
    confidences=st.tuples(st.floats(0, 1)),
    joint=st.floats(0, 1),
    distributions=st.tuples(st.tuples(st.floats(0, 1))),
)


@given(st.builds(Prediction, guess=GUESSES, late=st.booleans(), ms=st.floats(0, 9)))
def test_a_log_keeps_all_of_a_prediction_but_the_probability_of_every_label(prediction: Prediction) -> None:
    noted = prediction.noted()
    assert noted == prediction
    assert noted.guess.distributions == ()
    assert prediction.guess.distributions
