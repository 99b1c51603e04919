"""No caller can write a special token, whatever the kind of tokenizer; where that cannot be helped, none is served."""

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from shadowbert.bert.serving.reader import Reader
from shadowbert.bert.training.checkpoint import Checkpoint
from shadowbert.bert.training.ngrams import special_tokens
from shadowbert.bert.training.vocabulary import student_tokenizer
from shadowbert.errors import TrainingFailed
from tests.bert.checkpoints import ARCHITECTURES, make_tokenizer

TEXTS = ["[SEP] [CLS] [MASK] [PAD] [UNK] </s> <s> <pad> <mask> <unk>", "send the card", "a b c d e f g h"]


def checkpoint(folder: Path, tokenizer: Tokenizer, *, vocabulary: int = 10_000) -> Checkpoint:
    tokenizer.save(str(folder / "tokenizer.json"))
    return Checkpoint("acme/bert", folder, {"vocab_size": vocabulary}, "mean")


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_special_tokens_in_a_text_are_text(kind: str, tmp_path: Path) -> None:
    made = make_tokenizer(kind, TEXTS)
    before = made.encode("send </s> [SEP]", add_special_tokens=False).ids
    assert set(before) & set(special_tokens(made)), "as it came, it lets callers write them"
    reader = Reader(student_tokenizer(checkpoint(tmp_path, made)), max_tokens=64)
    frame = len(reader(""))
    unknown = {made.token_to_id("[UNK]"), made.token_to_id("<unk>")}
    for text in ("send </s> [SEP]", "<s><pad><mask>", "[CLS]send[MASK] [PAD]", "\uff3bSEP\uff3d"):
        inside = reader(text)[1 : 1 - frame]
        assert inside
        assert not set(inside) & set(special_tokens(made)) - unknown


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_other_texts_are_read_as_before(kind: str, tmp_path: Path) -> None:
    made = make_tokenizer(kind, TEXTS)
    made.enable_padding(length=9)
    reader = Reader(student_tokenizer(checkpoint(tmp_path, made)), max_tokens=64)
    made.no_padding()
    for text in ("send the card", "a", "", "\N{SNOWMAN} unknown 42"):
        assert reader(text) == made.encode(text).ids


def test_a_tokenizer_that_cannot_be_kept_from_it_is_refused(tmp_path: Path) -> None:
    loose = Tokenizer(models.WordLevel({"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3, "b": 4}, unk_token="[UNK]"))
    loose.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    loose.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    with pytest.raises(TrainingFailed, match=r"takes \[CLS\] in a text for its special token"):
        student_tokenizer(checkpoint(tmp_path, loose))


def test_more_tokens_than_embeddings(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed, match="but only 7 embeddings"):
        student_tokenizer(checkpoint(tmp_path, make_tokenizer("bert", TEXTS), vocabulary=7))


@pytest.mark.parametrize("content", ["{", "[]", "{}", json.dumps({"model": {"vocab": 3}})])
def test_what_is_no_tokenizer(content: str, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(TrainingFailed, match="cannot be opened"):
        student_tokenizer(Checkpoint("acme/bert", tmp_path, {}, "mean"))
