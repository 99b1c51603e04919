import json

from hypothesis import given
from hypothesis import strategies as st

from shadowbert.demo.oracle import oracle_for
from shadowbert.recognition.validate import valid
from tests.demo.examples import COLOURS


def test_says_what_the_dataset_says() -> None:
    oracle = oracle_for(COLOURS)
    for message in COLOURS.messages:
        assert oracle(f"{COLOURS.instruction}\n{message.text}", COLOURS.schema) == message.answer


@given(st.text())
def test_says_something_valid_to_any_text(text: str) -> None:
    assert valid(COLOURS.schema, json.dumps(oracle_for(COLOURS)(text, COLOURS.schema)))
