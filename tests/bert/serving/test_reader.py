"""What a student reads: plain text, pairs with one border, head and tail of what is too long."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from shadowbert.bert.serving.reader import CHARACTERS, Reader
from shadowbert.domain.template import SLOT_SEPARATOR
from shadowbert.errors import ArtifactInvalid, InputTooLong
from tests.bert.checkpoints import make_tokenizer

WORDS = [f"word{n}" for n in range(60)]
ALPHABET = ["[SEP] [CLS] [MASK] [PAD] [UNK] </s> <s> <pad> <mask> <unk> ab"]


def tokenizer(kind: str) -> Tokenizer:
    return make_tokenizer(kind, WORDS + ALPHABET)


@pytest.fixture(scope="module")
def wordpiece() -> bytes:
    return tokenizer("bert").to_str().encode()


def words(reader: Reader, ids: list[int], wordpiece: bytes) -> list[str]:
    return Tokenizer.from_buffer(wordpiece).decode(ids, skip_special_tokens=False).split()


def test_a_short_text_is_read_whole(wordpiece: bytes) -> None:
    reader = Reader(wordpiece, max_tokens=5)
    assert words(reader, reader("word1 word2 word3"), wordpiece) == ["[CLS]", "word1", "word2", "word3", "[SEP]"]
    assert reader.whole("word1 word2 word3") == reader("word1 word2 word3")


def test_of_a_long_text_a_quarter_is_head_and_the_rest_tail(wordpiece: bytes) -> None:
    reader = Reader(wordpiece, max_tokens=10)
    read = words(reader, reader(" ".join(WORDS)), wordpiece)
    assert read == ["[CLS]", *WORDS[:2], *WORDS[-6:], "[SEP]"]
    with pytest.raises(InputTooLong):
        reader.whole(" ".join(WORDS[:9]))


def test_the_budget_of_bert_is_cut_as_in_the_paper(wordpiece: bytes) -> None:
    many = [WORDS[n % 60] for n in range(1000)]
    read = words(Reader(wordpiece, max_tokens=512), Reader(wordpiece, max_tokens=512)(" ".join(many)), wordpiece)
    assert read == ["[CLS]", *many[:128], *many[-382:], "[SEP]"]


def test_a_pair_has_one_border_that_no_text_holds(wordpiece: bytes) -> None:
    reader = Reader(wordpiece, max_tokens=40, pairs=True)
    ids = reader(f"word1 [SEP] word2{SLOT_SEPARATOR}word3 [SEP]")
    assert ids.count(reader.border) == 2
    assert ids[-1] == reader.border
    first = ids[: ids.index(reader.border)]
    assert words(reader, first, wordpiece) == ["[CLS]", "word1", "[", "sep", "]", "word2"]


def test_what_follows_the_second_text_belongs_to_it(wordpiece: bytes) -> None:
    reader = Reader(wordpiece, max_tokens=40, pairs=True)
    ids = reader(SLOT_SEPARATOR.join(["word1", "word2", "word3"]))
    assert words(reader, ids[ids.index(reader.border) :], wordpiece)[1:] == ["word2", "[", "sep", "]", "word3", "[SEP]"]


def test_a_single_text_with_the_mark_of_a_pair_is_text(wordpiece: bytes) -> None:
    reader = Reader(wordpiece, max_tokens=40)
    assert reader(f"word1{SLOT_SEPARATOR}word2") == reader("word1 [SEP] word2")
    assert reader("word1 [SEP] word2").count(reader.border) == 1


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [(3, 30, (3, 10)), (30, 3, (10, 3)), (30, 30, (6, 7)), (0, 30, (0, 13)), (30, 0, (13, 0)), (6, 7, (6, 7))],
)
def test_the_longer_text_of_a_pair_gives_way(first: int, second: int, kept: tuple[int, int], wordpiece: bytes) -> None:
    reader = Reader(wordpiece, max_tokens=16, pairs=True)
    ids = reader(f"{' '.join(WORDS[:first])}{SLOT_SEPARATOR}{' '.join(WORDS[:second])}")
    border = ids.index(reader.border)
    assert (border - 1, len(ids) - border - 2) == kept


def test_of_a_book_not_even_the_characters_are_looked_at(wordpiece: bytes) -> None:
    reader = Reader(wordpiece, max_tokens=10)
    book = "word1 word2 " + "x" * 10 * CHARACTERS + " word3" * 200_000
    assert words(reader, reader(book), wordpiece) == ["[CLS]", "word1", "word2", *["word3"] * 6, "[SEP]"]
    with pytest.raises(InputTooLong):
        reader.whole(book)


PIECES = st.sampled_from([*"ab \n\0[]é你", "[SEP]", "</s>", "word1 ", "word2word3"])
TEXTS = st.lists(PIECES, max_size=60).map("".join)
READ = {
    kind: tokenizer(kind).to_str().encode() for kind in ("bert", "roberta", "modernbert", "deberta-v2", "xlm-roberta")
}


@pytest.mark.parametrize("kind", READ)
@given(texts=st.lists(TEXTS, min_size=1, max_size=3), budget=st.integers(8, 30))
def test_the_budget_is_kept_and_the_frame_stays(kind: str, texts: list[str], budget: int) -> None:
    reader = Reader(READ[kind], max_tokens=budget, pairs=len(texts) > 1)
    ids = reader(SLOT_SEPARATOR.join(texts))
    frame = reader("")
    assert (ids[0], ids[-1]) == (frame[0], frame[-1])
    assert len(ids) <= budget


@pytest.mark.parametrize("content", [b"", b"{}", b"\x80\x04"])
def test_what_is_no_tokenizer(content: bytes) -> None:
    with pytest.raises(ArtifactInvalid, match="tokenizer cannot be loaded"):
        Reader(content, max_tokens=8)


def test_padding_and_truncation_of_its_file_are_switched_off(tiny_encoder: Path) -> None:
    assert len(Reader((tiny_encoder / "tokenizer.json").read_bytes(), max_tokens=24)("card pin")) == 4
