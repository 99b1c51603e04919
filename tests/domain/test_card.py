"""A model card: what is reckoned from counts fits the counts, and a card that was written is read again."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.card import Agreed, Bin, Card, Confusion, FieldCard
from shadowbert.testing.cards import a_card

LABELS = ("bug", "ask", "praise")
pairs = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60)


def field_of(answers: list[tuple[int, int]]) -> FieldCard:
    counts = {pair: answers.count(pair) for pair in answers}
    right = sum(meant == said for meant, said in answers)
    agreed = Agreed(right, len(answers), 0.0, 1.0)
    return FieldCard("kind", LABELS, agreed, tuple((*pair, rows) for pair, rows in sorted(counts.items())))


@given(pairs)
def test_scores_are_those_of_the_rows(answers: list[tuple[int, int]]) -> None:
    for index, score in enumerate(field_of(answers).scores()):
        right = sum(pair == (index, index) for pair in answers)
        meant, said = (sum(pair[side] == index for pair in answers) for side in (0, 1))
        assert (score.label, score.meant, score.said, score.right) == (LABELS[index], meant, said, right)
        assert score.recall == (right / meant if meant else None)
        assert score.precision == (right / said if said else None)


@given(pairs)
def test_confusions_are_all_disagreements_the_most_frequent_first(answers: list[tuple[int, int]]) -> None:
    field = field_of(answers)
    found = field.confusions()
    assert sum(confusion.rows for confusion in found) == field.agreed.rows - field.agreed.right
    assert [confusion.rows for confusion in found] == sorted((confusion.rows for confusion in found), reverse=True)
    assert all(confusion.meant != confusion.said and confusion.rows <= confusion.of for confusion in found)


def test_a_confusion_is_told_in_words() -> None:
    told = Confusion("topic", "card_delivery_estimate", "card_arrival", 7, 30)
    assert told.words == "card_arrival said where the LLM says card_delivery_estimate: 7 of 30 times"


def test_the_worst_of_all_fields_come_first() -> None:
    told = a_card().confusions(2)
    assert [(confusion.field, confusion.rows) for confusion in told] == [("topic", 7), ("urgent", 3)]


def test_a_card_that_was_written_is_read_again() -> None:
    card = a_card()
    data = json.loads(json.dumps(card.to_json()))
    assert Card.from_json(data) == card
    assert data["calibration_error"] == card.calibration_error
    assert data["fields"][0]["labels_scored"][0]["label"] == "card"


@pytest.mark.parametrize("gone", ["agreed", "fields", "bins", "recipe"])
def test_what_is_no_card_is_refused(gone: str) -> None:
    data = a_card().to_json()
    del data[gone]
    with pytest.raises(KeyError):
        Card.from_json(data)


def test_a_bin_that_is_always_right_is_as_sure_as_it_should_be() -> None:
    card = a_card(bins=(Bin(4, 0.5, 2), Bin(6, 1.0, 6)))
    assert card.calibration_error == 0
