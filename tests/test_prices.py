"""Prices: the shipped table, the match of a model's name, the errors of an edited file."""

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.errors import ConfigError
from shadowbert.prices import Price, cost, price_of, read_prices, shipped_file

TABLE = {"gpt-4": Price(input=30, output=60), "gpt-4-mini": Price(input=1, output=2)}


def test_the_shipped_table_has_the_models_of_the_examples() -> None:
    prices = read_prices(shipped_file())
    assert {"gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano"} <= prices.keys()
    assert all(0 < price.input < price.output for price in prices.values())


def test_the_shipped_table_says_when_it_was_looked_up() -> None:
    found = re.search(r"looked up on\s+#?\s*(\d{4}-\d\d-\d\d)", shipped_file().read_text())
    assert found
    assert date.fromisoformat(found[1]) >= date(2026, 11, 1)


@pytest.mark.parametrize(
    ("model", "dollars"),
    [
        ("gpt-4o", 2.5),
        ("gpt-4o-2024-08-06", 2.5),
        ("gpt-4o-mini", 0.15),
        ("gpt-4o-mini-2024-07-18", 0.15),
        ("gpt-4.1", 2.0),
        ("gpt-4.1-nano-2025-04-14", 0.1),
        ("gpt-5-latest", 1.25),
    ],
)
def test_a_snapshot_costs_what_its_model_costs(model: str, dollars: float) -> None:
    assert cost(model, 1_000_000, 0) == dollars


@pytest.mark.parametrize(
    "model",
    ["", "gpt", "gpt-4o-", "gpt-4o-audio-preview", "gpt-4oo", "gpt-5.5", "gpt-5-pro", "ft:gpt-4o:org::id", "llama"],
)
def test_another_model_has_no_price(model: str) -> None:
    assert cost(model, 1, 1) is None


@given(st.sampled_from(sorted(TABLE)), st.dates(min_value=date(2020, 1, 1)))
def test_the_longest_name_wins(name: str, day: date) -> None:
    assert price_of(f"{name}-{day.isoformat()}", TABLE) == TABLE[name]


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_cost_adds_up(prompt: int, completion: int) -> None:
    price = Price(input=3, output=7)
    parts = price.cost(prompt, 0) + price.cost(0, completion)
    assert price.cost(prompt, completion) == pytest.approx(parts)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[m]\ninput = 1", "m.output: Field required"),
        ("[m]\ninput = -1\noutput = 1", "m.input: Input should be greater than or equal to 0"),
        ("[m]\ninput = 1\noutput = 1\ncached = 1", "m.cached: Extra inputs are not permitted"),
        ("m = 3", "m: Input should be a valid dictionary"),
        ("[m", "not a TOML file"),
    ],
)
def test_a_bad_file_is_one_line_with_its_name(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(f"{file}: {complaint}")) as caught:
        read_prices(file)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_line_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_prices(tmp_path / "none.toml")
