import pytest

from shadowbert.demo.bill import bill
from shadowbert.prices import cost
from tests.demo.examples import noted


def test_local_answers_save_what_the_llm_would_have_cost() -> None:
    price = cost("gpt-4o-mini", 100, 10)
    assert price is not None
    found = bill([noted(0), noted(1), noted(2, source="student")], "gpt-4o-mini")
    assert found is not None
    assert found.spent == pytest.approx(2 * price)
    assert found.saved == pytest.approx(price)


def test_a_model_without_a_price_has_no_bill() -> None:
    assert bill([noted()], "nobody-lists-this") is None


def test_no_calls_cost_nothing() -> None:
    found = bill([], "gpt-4o-mini")
    assert found is not None
    assert (found.spent, found.saved) == (0, 0)
