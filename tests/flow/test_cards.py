"""What people are told of a student's card."""

from dataclasses import replace

import pytest

from shadowbert.curation.examples import Ceiling
from shadowbert.domain.card import Agreed, Card, FieldCard
from shadowbert.domain.records import StudentRow
from shadowbert.flow.cards import Described, described, why_low
from shadowbert.flow.material import NOTHING
from shadowbert.testing.cards import TOPIC, a_card

SHOWN = Described(3, a_card())
ALONE = Described(3, a_card(fields=(TOPIC,), shares={}))
RIGHT = Described(3, a_card(fields=(FieldCard("topic", ("a",), Agreed(9, 9, 0.66, 1.0), ((0, 0, 9),)),)))


def student(number: int) -> StudentRow:
    return StudentRow(f"s{number}", "v", number, 0, f"students/s{number}", "probe", 100, 0.0)


def cards(*numbers: int) -> dict[str, Card]:
    return {f"students/s{number}": a_card(cutoff=number) for number in numbers}


@pytest.mark.parametrize(
    ("having", "asked", "shown"),
    [((1, 2, 3), 2, 2), ((1, 2, 3), None, 3), ((1, 2), None, 2), ((1, 3), 2, None), ((), None, None), ((1,), 9, 1)],
)
def test_the_leading_student_is_shown_else_the_newest(having: tuple[int, ...], asked: int, shown: int | None) -> None:
    found = described(cards(*having).get, [student(1), student(2), student(3)], asked)
    assert (found and (found.student, found.card.cutoff)) == (shown and (shown, shown))


def test_confusions_name_their_field_where_there_are_several() -> None:
    assert SHOWN.confusions[0] == "topic: loan said where the LLM says card: 7 of 47 times"
    assert ALONE.confusions[0] == "loan said where the LLM says card: 7 of 47 times"


def test_the_recipe_in_a_sentence() -> None:
    assert SHOWN.recipe == (
        "probe on the bundled encoder, mean pooling, beside it words and neighbours; served in int8"
    )
    assert ALONE.recipe == "probe on the bundled encoder, mean pooling; served in int8"


def test_figures_in_words() -> None:
    assert SHOWN.judged(TOPIC) == "91 of 100 agree (91 %, between 83.6 % and 95.8 %)"
    assert SHOWN.calibration == "its confidence is 5 % off on average, on 100 examples that it was judged on"


def test_low_coverage_has_its_reasons() -> None:
    noisy = replace(NOTHING, ceiling=Ceiling(0.88, 40, 9))
    assert why_low(0.125, 0.95, noisy, ALONE) == (
        "coverage is low, 12.5 %: the LLM agrees with itself on 88 % only, "
        "and 9 of 9 disagreements are loan said for card; transfer said for loan"
    )
    assert why_low(0.0, 0.95, NOTHING, RIGHT) == (
        "coverage is low, 0 %: the student is right but not sure: more examples help"
    )


@pytest.mark.parametrize(("coverage", "shown"), [(None, SHOWN), (0.5, SHOWN), (0.1, None)])
def test_what_needs_no_reason_or_has_none(coverage: float | None, shown: Described | None) -> None:
    assert why_low(coverage, 0.95, NOTHING, shown) == ""


def test_json_has_the_whole_card_and_whose_it_is() -> None:
    data = SHOWN.to_json()
    assert (data["student"], data["recipe"], data["confusions"]) == (3, "probe", SHOWN.confusions)
    assert data["settings"] == SHOWN.card.settings
