"""Which length was judged, and how many texts are cut."""

from pathlib import Path

import pytest

from shadowbert.bert.serving.reader import Reader
from shadowbert.bert.training.lengths import cut_share, longest


def test_one_book_among_messages_does_not_make_books_judged() -> None:
    messages = ["x" * (50 + n % 10) for n in range(300)]
    assert longest([*messages, "y" * 100_000]) == 59
    assert longest([*messages, *["y" * 1000] * 30]) == 1000


def test_the_longest_of_few_is_not_counted_on() -> None:
    assert longest(["a", "bb", "ccc"]) == 2


def test_the_share_of_texts_that_are_cut(tiny_encoder: Path) -> None:
    reader = Reader((tiny_encoder / "tokenizer.json").read_bytes(), max_tokens=8)
    texts = ["card", "card " * 6, "card " * 7, " " * 1000]
    assert cut_share(texts, reader) == pytest.approx(0.5)
