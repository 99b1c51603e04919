"""Pairs as A and B: one border, segments 0 and 1 where the model has them, from training to serving."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from shadowbert.bert.serving.artifact import open_artifact
from shadowbert.bert.serving.network import Network
from shadowbert.bert.serving.reader import Reader
from shadowbert.bert.serving.runtime import Student
from shadowbert.bert.training.checkpoint import locate
from shadowbert.bert.training.encoder import load
from shadowbert.bert.training.export import export_encoder
from shadowbert.bert.training.job import read_job
from shadowbert.bert.training.ngrams import count, token_codes
from shadowbert.bert.training.train import train
from shadowbert.bert.training.vocabulary import student_tokenizer
from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.template import SLOT_SEPARATOR
from tests.bert.checkpoints import make_checkpoint
from tests.bert.conftest import TOPICS, MakeJob

WORDS = [word for words in TOPICS.values() for word in words]
WHICH = Contract((Field(("which",), ("first", "second")),), "c1:which")


@pytest.fixture(scope="module", params=["bert", "roberta", "deberta-v2"])
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp(request.param), request.param, [" ".join(WORDS)] * 3)


def test_segments_are_those_of_bert(tmp_path: Path) -> None:
    """Against transformers with the token types of the tokenizer; in the exported graph as well."""
    folder = make_checkpoint(tmp_path, "bert", [" ".join(WORDS)])
    checkpoint = locate(str(folder))
    reader = Reader(student_tokenizer(checkpoint), max_tokens=32, pairs=True)
    encoder = load(checkpoint, max_tokens=32, border=reader.border)
    text = f"card pin{SLOT_SEPARATOR}loan rate borrow"
    ids = torch.tensor([reader(text)])
    types = torch.tensor([[0, 0, 0, 0, 1, 1, 1, 1]])
    assert ids.shape == types.shape
    hidden = encoder.model(input_ids=ids, attention_mask=torch.ones_like(ids), token_type_ids=types).last_hidden_state
    expected = torch.nn.functional.normalize(hidden.mean(dim=1), dim=-1)[0].detach().numpy()
    export_encoder(encoder, tmp_path / "pair.onnx")
    network = Network((tmp_path / "pair.onnx").read_bytes(), reader)
    np.testing.assert_allclose(network(text), expected, atol=1e-5)
    single = load(checkpoint, max_tokens=32)
    with torch.no_grad():
        assert not np.allclose(single(ids, torch.ones_like(ids))[0].numpy(), expected, atol=1e-3)


def test_models_without_segments_have_a_border_all_the_same(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path, "roberta", [" ".join(WORDS)])
    assert load(locate(str(folder)), max_tokens=32, border=2).border is None


def test_which_text_spoke_of_cards_is_learnt_and_served(checkpoint: Path, make_job: MakeJob) -> None:
    """The same words in either order have different answers, so only what knows A from B can tell."""
    chance = random.Random(3)
    examples = []
    for n in range(120):
        card, other = (" ".join(chance.choices(TOPICS[topic], k=3)) for topic in ("card", "loan"))
        answer = n % 2
        texts = (card, other) if answer == 0 else (other, card)
        split = ("train", "train", "calibration", "heldout")[n // 2 % 4]
        examples.append({"id": str(n), "input": SLOT_SEPARATOR.join(texts), "answer": [answer], "split": split})
    settings = {"encoder": str(checkpoint), "contract": WHICH.to_json(), "max_tokens": 60, "pairs": True}
    folder = make_job(examples=examples, recipes=["probe", "finetune"], **settings)
    manifest = train(read_job(folder))
    assert manifest.pairs
    student = Student(open_artifact(folder / "artifact"))
    right = [student.guess(str(e["input"])).answer == tuple(e["answer"]) for e in examples if e["split"] == "heldout"]
    assert np.mean(right) > 0.8


def test_no_ngram_crosses_the_border(tmp_path: Path) -> None:
    checkpoint = locate(str(make_checkpoint(tmp_path, "bert", [" ".join(WORDS)])))
    content = student_tokenizer(checkpoint)
    reader = Reader(content, max_tokens=32, pairs=True)
    codes = token_codes(reader._tokenizer)
    pair, first, second = count([reader(text) for text in (f"card pin{SLOT_SEPARATOR}loan", "card pin", "loan")], codes)
    assert (pair - first - second).count_nonzero() == 0
