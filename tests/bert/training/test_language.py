"""Which texts are foreign to an encoder, and when nobody can say."""

import pytest

from shadowbert.bert.training.language import SAMPLE, foreign_share

ENGLISH = [
    "My new card has still not arrived",
    "where is my money???",
    "pls cancel order 4711",
    "u r so late lol",
    "The committee expects growth of about 2.5 % next year.",
    "XJ-42 99/7",
    "",
    "\0",
]
GERMAN = [
    "Meine Karte ist noch nicht angekommen",
    "Wo bleibt mein Geld?",
    "Ich möchte mein Konto schließen",
    "Warum wurde die Überweisung abgelehnt?",
]
OTHERS = ["Où est mon argent ?", "Моя карта ещё не пришла", "我的卡还没到", "カードがまだ届きません"]


def test_english_is_not_foreign_to_english() -> None:
    assert foreign_share(ENGLISH, {"en"}) == 0


def test_the_share_of_other_languages() -> None:
    assert foreign_share(ENGLISH + GERMAN + OTHERS, {"en"}) == pytest.approx(0.5)
    assert foreign_share(GERMAN + OTHERS, {"de", "en"}) == pytest.approx(0.5)


def test_a_large_log_is_sampled_all_over() -> None:
    assert foreign_share([GERMAN[0]] * SAMPLE + [ENGLISH[0]] * SAMPLE, {"en"}) == pytest.approx(0.5)


@pytest.mark.parametrize("languages", [(), ("multilingual",), ("en", "code"), ("English",)])
def test_what_the_card_does_not_say_is_not_guessed(languages: tuple[str, ...]) -> None:
    assert foreign_share(GERMAN, languages) is None
