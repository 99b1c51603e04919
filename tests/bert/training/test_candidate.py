"""When int8 may serve in place of fp32."""

import pytest

from shadowbert.bert.training.candidate import _tolerable


@pytest.mark.parametrize(
    ("lost", "rows", "tolerable"),
    [(0, 20, True), (1, 20, True), (2, 20, False), (1, 199, True), (2, 399, False), (2, 400, True), (5, 999, False)],
)
def test_one_row_is_chance_and_half_a_percent_is_the_rule(lost: int, rows: int, tolerable: bool) -> None:
    assert _tolerable(lost / rows, rows) is tolerable
