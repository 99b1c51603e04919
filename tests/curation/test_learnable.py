from hypothesis import given
from hypothesis import strategies as st

from shadowbert.curation.learnable import LEAST, Rare, counted, namesakes, nothing_to_tell, rare, withheld
from shadowbert.domain.contract import Contract, Field

COLOURS = Field(("colour",), ("blue", "green", "red"))
ONE = Contract((COLOURS,), "c1:one")
TWO = Contract((COLOURS, Field(("urgent",), (False, True), required=False)), "c1:two")
ANSWERS = st.dictionaries(st.tuples(st.integers(0, 2), st.integers(0, 2)), st.integers(1, 4))


@given(answers=ANSWERS)
def test_every_example_counts_once_a_field(answers: dict[tuple[int, ...], int]) -> None:
    found = counted(TWO, answers)
    for field in range(2):
        assert sum(inputs for (i, _), inputs in found.items() if i == field) == sum(answers.values())


@given(answers=ANSWERS)
def test_what_is_withheld_is_rare_and_was_seen(answers: dict[tuple[int, ...], int]) -> None:
    pairs = withheld(TWO, answers)
    assert len(pairs) == sum(label.examples > 0 for label in rare(TWO, answers))
    assert all(any(answer[field] == label for answer in answers) for field, label in pairs)


def test_rare_labels_by_name_and_count_the_unseen_last() -> None:
    assert rare(TWO, {(0, 0): 10, (2, 0): 1, (2, 1): 5}) == (
        Rare("colour", "green", 0),
        Rare("urgent", "(left out)", 0),
    )
    assert rare(ONE, {(0,): 10, (2,): LEAST - 1}) == (Rare("colour", "red", LEAST - 1), Rare("colour", "green", 0))


def test_something_else_is_no_label() -> None:
    assert rare(ONE.opened(), {(0,): 5, (1,): 5, (2,): 5, (3,): 1}) == ()
    assert withheld(ONE.opened(), {(0,): 5, (3,): 1}) == frozenset()


def test_one_label_is_nothing_to_tell_apart() -> None:
    assert nothing_to_tell(ONE, {}) == "no label has 2 examples yet (0 in all)"
    assert nothing_to_tell(ONE, {(0,): 1, (1,): 1, (2,): 1}) == "no label has 2 examples yet (3 in all)"
    assert "blue" in nothing_to_tell(ONE, {(0,): 1_000, (1,): 1, (2,): 1})
    assert nothing_to_tell(ONE, {(0,): 1_000, (1,): LEAST}) == ""


def test_one_field_that_varies_is_enough() -> None:
    assert nothing_to_tell(TWO, {(0, 0): 50, (0, 1): 50}) == ""
    assert nothing_to_tell(TWO, {(0, 0): 50}) == 'only one label so far ("blue · false" in 50 of 50 examples)'


def test_names_that_differ_by_case_or_space() -> None:
    field = Field(("kind",), (True, "Spam", "not spam", "notspam", "ok", "spam ", "true"))
    assert namesakes(Contract((field, COLOURS), "c1:names")) == (("Spam", "spam "), ("not spam", "notspam"))
