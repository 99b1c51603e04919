"""What is written for AutoModelForSequenceClassification says what encoder and heads say, or is not written."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from shadowbert.bert.serving.artifact import open_artifact
from shadowbert.bert.serving.runtime import Student
from shadowbert.bert.training import frozen
from shadowbert.domain.contract import Contract
from tests.bert.checkpoints import make_checkpoint
from tests.bert.conftest import CONTRACT, make_examples
from tests.bert.loaders.conftest import Open, Taken

ONE = Contract((CONTRACT.fields[0],), "c1:one").to_json()
EXAMPLES = [example | {"answer": example["answer"][:1]} for example in make_examples(60)]  # type: ignore[index]
TEXTS = [str(example["input"]) for example in EXAMPLES]


@pytest.fixture(autouse=True)
def alone(taken: Taken, monkeypatch: pytest.MonkeyPatch) -> None:
    """No expert beside the heads."""
    monkeypatch.setattr(frozen, "fit_shares", lambda heads, *_: [(0.0,) * len(heads)] * 2)


def encoder_of(kind: str, folder: Path) -> Path:
    folder.mkdir()
    return make_checkpoint(folder, kind, TEXTS)


def written(export: Path, to: Path) -> None:
    """As a person writes it."""
    command = [sys.executable, str(export / "sequence_classification.py"), str(to)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


def chances(folder: Path, texts: list[str]) -> Any:
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        return model(**tokenizer(texts, padding=True, return_tensors="pt")).logits.softmax(dim=-1).numpy(), model.config


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta", "xlm-roberta", "modernbert"])
def test_it_says_what_the_student_says(kind: str, taken: Taken, modeling: Open, tmp_path: Path) -> None:
    folder = taken(encoder_of(kind, tmp_path / "encoder"), EXAMPLES, max_tokens=48, contract=ONE)
    student = modeling(folder / "export").StudentModel(folder / "export")
    module = modeling(folder / "export", "sequence_classification")
    module.sequence_classifier(student).save_pretrained(tmp_path / "made")
    module._tokenizer(student).save_pretrained(tmp_path / "made")
    served = Student(open_artifact(folder / "artifact"))
    found, config = chances(tmp_path / "made", TEXTS[:12])
    assert config.id2label[3] == "transfer"
    for own, text in zip(found, TEXTS, strict=False):
        guess = served.guess(text)
        assert own[list(guess.answer)] == pytest.approx(guess.confidences, abs=1e-3)


def test_the_bundled_encoder_by_command(taken: Taken, tmp_path: Path) -> None:
    folder = taken(Path("bundled"), EXAMPLES[:40], max_tokens=48, contract=ONE)
    written(folder / "export", tmp_path / "made")
    served, texts = Student(open_artifact(folder / "artifact")), ["Where is my card?", "I want a loan, now, please!"]
    found, _ = chances(tmp_path / "made", texts)
    for own, text in zip(found, texts, strict=True):
        guess = served.guess(text)
        assert own[list(guess.answer)] == pytest.approx(guess.confidences, abs=1e-3)


REFUSED = {
    "two fields": {"contract": CONTRACT.to_json()},
    "another pooling": {"contract": ONE, "pooling": "cls"},
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_said_so_is_refused(what: str, taken: Taken, modeling: Open, tiny_encoder: Path) -> None:
    two = what == "two fields"
    folder = taken(tiny_encoder, make_examples(40) if two else EXAMPLES[:40], **REFUSED[what])
    student = modeling(folder / "export").StudentModel(folder / "export")
    with pytest.raises(ValueError, match="only for one field, mean pooling and bert"):
        modeling(folder / "export", "sequence_classification").sequence_classifier(student)


def test_what_would_be_off_is_refused(taken: Taken, modeling: Open, tiny_encoder: Path) -> None:
    """An encoder whose last LayerNorm leaves no dimension that is always 0."""
    folder = taken(tiny_encoder, EXAMPLES[:40], contract=ONE)
    student = modeling(folder / "export").StudentModel(folder / "export")
    with torch.no_grad():
        student.encoder.encoder.layer[-1].output.LayerNorm.bias += 1
    with pytest.raises(ValueError, match="the best is off by"):
        modeling(folder / "export", "sequence_classification").sequence_classifier(student)
