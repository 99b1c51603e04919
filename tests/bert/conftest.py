"""A tiny encoder with random weights and a student trained on it: the real pipeline in a second or two, no download."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel

from shadowbert.bert.training.candidate import Candidate
from shadowbert.bert.training.job import read_job
from shadowbert.bert.training.train import train
from shadowbert.domain.contract import Contract, Field

TOPICS = {
    "card": ["card", "pin", "atm", "swipe", "chip"],
    "loan": ["loan", "rate", "borrow", "repay", "mortgage"],
    "transfer": ["send", "wire", "transfer", "payee", "abroad"],
}
MOODS = {False: ["please", "thanks", "kindly"], True: ["angry", "now", "terrible"]}
FILLER = ["the", "a", "my", "is", "about", "want", "know", "how"]

CONTRACT = Contract(
    fields=(
        Field(("topic",), ("card", "loan", "other", "transfer")),
        Field(("urgent",), (False, True), required=False),
    ),
    hash="c1:test",
)
"""Never seen in the examples: the topic "other", and "urgent" left out."""


def make_examples(count: int, *, seed: int = 0) -> list[dict[str, object]]:
    chance = random.Random(seed)
    examples = []
    for i in range(count):
        topic, urgent = chance.choice(list(TOPICS)), chance.random() < 0.5
        words = [*chance.choices(TOPICS[topic], k=3), *chance.choices(MOODS[urgent], k=3), *chance.choices(FILLER, k=2)]
        chance.shuffle(words)
        split = ("train", "train", "train", "calibration", "heldout")[i % 5]
        answer = [CONTRACT.fields[0].index(topic), CONTRACT.fields[1].index(urgent)]
        examples.append({"id": f"e{i}", "input": " ".join(words), "answer": answer, "split": split, "weight": 1.0})
    return examples


def doubtful_examples(count: int, *, seed: int = 0) -> list[dict[str, object]]:
    """The same with words of another topic and mood in them, and one answer in twelve a slip of the teacher's: no
    student can be sure of all of them.
    """
    chance = random.Random(seed)
    examples = make_examples(count, seed=seed)
    for example in examples:
        beside = chance.choices(TOPICS[chance.choice(list(TOPICS))], k=chance.randrange(3))
        beside += chance.choices(MOODS[chance.random() < 0.5], k=chance.randrange(2))
        example["input"] = " ".join([str(example["input"]), *beside])
        if chance.random() < 1 / 12:
            example["answer"] = [chance.choice((0, 1, 3)), chance.choice((0, 1))]
    return examples


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two narrow layers with the words of the examples."""
    folder = tmp_path_factory.mktemp("encoder")
    words = [*FILLER, *(w for group in (*TOPICS.values(), *MOODS.values()) for w in group)]
    vocabulary = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.enable_padding(length=64)  # as the bundled one ships: serving must switch it off
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.02,
    )
    BertModel(config).save_pretrained(folder)
    return folder


MakeJob = Callable[..., Path]


@pytest.fixture
def make_job(tiny_encoder: Path, tmp_path: Path) -> MakeJob:
    def make(count: int = 60, examples: list[dict[str, object]] | None = None, **settings: object) -> Path:
        return write_job(tmp_path / "job", tiny_encoder, examples or make_examples(count), **settings)

    return make


def write_job(folder: Path, encoder: Path, examples: list[dict[str, object]], /, **settings: object) -> Path:
    folder.mkdir()
    job = {
        "contract": CONTRACT.to_json(),
        "encoder": str(encoder),
        "recipes": ["probe"],
        "seed": 1,
        "threads": 1,
        "max_tokens": 24,
        "cutoff": 1234,
        "artifact_dir": str(folder / "artifact"),
    }
    (folder / "job.json").write_text(json.dumps(job | settings))
    (folder / "examples.jsonl").write_text("".join(json.dumps(example) + "\n" for example in examples))
    return folder


@pytest.fixture(scope="session")
def published(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of one probe; read only."""
    folder = write_job(tmp_path_factory.mktemp("jobs") / "probe", tiny_encoder, make_examples(120))
    train(read_job(folder))
    return folder / "artifact"


@pytest.fixture
def copied(published: Path, tmp_path: Path) -> Path:
    """An artifact to damage."""
    return Path(shutil.copytree(published, tmp_path / "student"))


def the_last(candidates: list[Candidate], weights: object) -> Candidate:
    """The most expensive, whatever it is worth."""
    last = candidates[-1]
    return last.further() if last.further is not None else last
