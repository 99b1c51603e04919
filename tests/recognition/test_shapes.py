"""Contracts of every shape at once: what holds for all of them."""

import json

from hypothesis import assume, given
from hypothesis import strategies as st

from shadowbert.domain.contract import Contract, Fill
from shadowbert.domain.manner import Manner
from shadowbert.recognition.answer import manner_of, read_answer, text_of, write_answer
from shadowbert.recognition.contract import read_contract
from shadowbert.recognition.validate import valid
from shadowbert.recognition.wording import wording_of
from tests.recognition.shapes import Record, roots, spelled_shape, values

SAID = {"string": "n/a", "number": 0.5, "null": None}
manners = st.builds(Manner, st.none(), st.booleans(), st.sampled_from([None, 2, 4]), st.booleans())


def contract_of(schema: dict[str, object]) -> Contract:
    read = read_contract(schema)
    assert read is not None
    return read


def fills_of(contract: Contract) -> dict[str, Fill]:
    """All that is not learnable is said, with a value of one of its types."""
    return {part.name: Fill(SAID[part.types[-1]]) for part in contract.unlearnable}


@given(st.data(), roots())
def test_spelling_makes_no_difference(data: st.DataObject, root: Record) -> None:
    one, two = data.draw(spelled_shape(root)), data.draw(spelled_shape(root))
    assert contract_of(one) == contract_of(two)
    assert Contract.from_json(json.loads(json.dumps(contract_of(one).to_json()))) == contract_of(two)


@given(st.data(), roots())
def test_what_a_teacher_says_is_read_and_written_back(data: st.DataObject, root: Record) -> None:
    schema = data.draw(spelled_shape(root))
    contract = contract_of(schema)
    text = json.dumps(data.draw(values(root)))
    assert valid(schema, text)
    answer = read_answer(schema, contract, text)
    assert answer is not None
    pieces = write_answer(schema, contract, answer, fills=fills_of(contract))
    if pieces is None:  # a list of fewer different labels than it must hold
        assume(False)
    again = text_of(pieces or [])
    assert valid(schema, again)
    assert read_answer(schema, contract, again) == answer


@given(st.data(), roots(), manners)
def test_whatever_can_be_written_is_valid_and_read_back(data: st.DataObject, root: Record, manner: Manner) -> None:
    schema = data.draw(spelled_shape(root))
    contract = contract_of(schema)
    answer = tuple(data.draw(st.integers(0, field.classes - 1)) for field in contract.fields)
    pieces = write_answer(schema, contract, answer, manner, fills=fills_of(contract))
    if pieces is None:
        return
    text = text_of(pieces)
    assert valid(schema, text)
    assert read_answer(schema, contract, text) == answer
    seen = manner_of(contract, text, None)
    assert seen is not None
    assert text_of(write_answer(schema, contract, answer, seen, fills=fills_of(contract)) or []) == text


@given(st.data(), roots())
def test_a_shape_says_nothing_in_words(data: st.DataObject, root: Record) -> None:
    """Only `wrapped` describes; without its notes all spellings are worded alike."""
    one, two = (_undescribed(data.draw(spelled_shape(root))) for _ in "ab")
    assert wording_of(one, "") == wording_of(two, "") == ""


def _undescribed(node: object) -> dict[str, object]:
    def strip(inner: object) -> object:
        if isinstance(inner, dict):
            return {k: strip(v) for k, v in inner.items() if k != "description" or not isinstance(v, str)}
        return [strip(one) for one in inner] if isinstance(inner, list) else inner

    stripped = strip(node)
    assert isinstance(stripped, dict)
    return stripped
