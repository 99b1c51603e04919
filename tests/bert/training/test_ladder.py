"""Few examples are seen more often; what is asked for and pointless is left out."""

import pytest

from shadowbert.bert.training.ladder import settings, tried


def test_few_rows_are_seen_more_often() -> None:
    assert [settings("finetune", rows, seed=1).epochs for rows in (100, 600, 1_400, 20_000)] == [10, 7, 3, 3]


def test_each_recipe_has_its_settings() -> None:
    partial, full, anew = (settings(recipe, 900, seed=3) for recipe in ("partial", "finetune", "reinitialised"))
    assert (partial.frozen, full.frozen, anew.frozen) == (0.5, 0, 0)
    assert (partial.reinitialised, full.reinitialised, anew.reinitialised) == (0, 0, 2)
    assert {own.seed for own in (partial, full, anew)} == {3}


@pytest.mark.parametrize("sentences", [True, False])
def test_the_top_of_a_sentence_encoder_never_starts_anew(sentences: bool) -> None:
    assert ("reinitialised" in tried(("probe", "reinitialised"), sentences=sentences)) is not sentences
