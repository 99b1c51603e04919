"""Softmax, temperature and the joint product."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.bert.serving.decode import guess, probabilities, read

logits = st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=8)
temperature = st.floats(0.05, 20)


@given(fields=st.lists(logits, min_size=1, max_size=4), t=temperature)
def test_each_field_is_a_distribution_and_temperature_keeps_the_best(fields: list[list[float]], t: float) -> None:
    sizes = [len(field) for field in fields]
    found = probabilities(np.concatenate(fields), sizes, [t] * len(fields))
    assert [len(field) for field in found] == sizes
    for values, own in zip(found, fields, strict=True):
        assert values.sum() == pytest.approx(1)
        assert values[int(np.argmax(own))] == values.max()


@given(fields=st.lists(logits, min_size=1, max_size=4))
def test_the_joint_is_the_product_and_never_over_a_field(fields: list[list[float]]) -> None:
    found = guess(probabilities(np.concatenate(fields), [len(f) for f in fields], [1.0] * len(fields)))
    assert found.joint == pytest.approx(np.prod(found.confidences))
    assert found.joint <= min(found.confidences)


@given(own=logits)
def test_heat_takes_confidence_away(own: list[float]) -> None:
    cool, hot = (guess(probabilities(own, [len(own)], [t])).joint for t in (1.0, 4.0))
    assert hot <= cool + 1e-12


@given(fields=st.lists(logits, min_size=1, max_size=4), t=temperature)
def test_one_row_is_read_as_arrays_are(fields: list[list[float]], t: float) -> None:
    row, sizes, heat = [logit for field in fields for logit in field], [len(f) for f in fields], [t] * len(fields)
    quick, slow = read(row, sizes, heat), guess(probabilities(row, sizes, heat))
    assert quick.confidences == pytest.approx(slow.confidences)
    for field, one, other in zip(fields, quick.answer, slow.answer, strict=True):
        assert field[one] == pytest.approx(field[other]), "near-ties may fall either way"
