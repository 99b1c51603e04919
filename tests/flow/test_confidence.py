"""The invariants that clients rely on: tokens concatenate, nothing is over 0, as many alternatives as asked for."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.contract import Contract
from shadowbert.domain.manner import Manner
from shadowbert.domain.student import Guess
from shadowbert.flow.confidence import token_logprobs
from shadowbert.recognition.answer import Piece, text_of, write_answer
from shadowbert.recognition.contract import read_contract

SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"topic": {"enum": ["bug", "ask", "été"]}, "sure": {"type": "boolean"}},
    "required": ["topic"],
}
SURE, TOPIC = (0.5, 0.4, 0.1), (0.7, 0.2, 0.1)


def contract() -> Contract:
    read = read_contract(SCHEMA)
    assert read is not None
    return read


probabilities = st.floats(0.0, 1.0, allow_subnormal=False)


@given(st.data(), st.integers(0, 1))
def test_the_invariants(data: st.DataObject, top: int) -> None:
    fields = contract().fields
    answer = tuple(data.draw(st.integers(0, field.classes - 1)) for field in fields)
    given_ = tuple(tuple(data.draw(st.lists(probabilities, min_size=f.classes, max_size=f.classes))) for f in fields)
    pieces = write_answer(SCHEMA, contract(), answer) or []
    tokens = token_logprobs(pieces, contract(), Guess(answer, (1.0,), 1.0, given_), top=top)
    assert tokens is not None
    assert "".join(token.token for token in tokens) == text_of(pieces)
    assert all(math.isfinite(token.logprob) and token.logprob <= 0 for token in tokens)
    assert all(len(token.top) == top for token in tokens)


def test_a_label_carries_its_probability_and_its_rivals() -> None:
    (token,) = token_logprobs([Piece("bug", 1)], contract(), Guess((1, 1), (1.0, 0.7), 0.7, (SURE, TOPIC)), top=3) or []
    assert token.token == "bug"
    assert token.logprob == pytest.approx(math.log(0.2))
    assert [text for text, _ in token.top] == ["ask", "bug", "été"]
    assert [p for _, p in token.top] == pytest.approx([math.log(p) for p in TOPIC])


@pytest.mark.parametrize(("pieces", "top"), [([Piece("{")], 2), ([Piece("bug", 1)], 4)])
def test_alternatives_that_do_not_exist_are_not_made_up(pieces: list[Piece], top: int) -> None:
    assert token_logprobs(pieces, contract(), Guess((1, 1), (1.0, 0.7), 0.7, (SURE, TOPIC)), top=top) is None


def test_a_student_without_distributions_has_none() -> None:
    assert token_logprobs([Piece("bug", 1)], contract(), Guess((1,), (0.7,), 0.7), top=0) is None


def test_alternatives_are_spelled_as_the_token_is() -> None:
    pieces = [Piece("\\u00e9t\\u00e9", 1)]
    guess = Guess((1, 2), (1.0, 0.7), 0.7, (SURE, (0.1, 0.2, 0.7)))
    (token,) = token_logprobs(pieces, contract(), guess, top=1, manner=Manner(escaped=True)) or []
    assert token.top[0][0] == token.token
