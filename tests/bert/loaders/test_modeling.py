"""The loader for plain transformers says what the student's graph in single precision says."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from shadowbert.bert.serving.artifact import open_artifact
from shadowbert.bert.serving.runtime import Student
from shadowbert.domain.template import SLOT_SEPARATOR
from tests.bert.checkpoints import ARCHITECTURES, make_checkpoint
from tests.bert.conftest import make_examples
from tests.bert.loaders.conftest import Open, Taken
from tests.bert.loaders.test_student import RUN


def gap(folder: Path, module: ModuleType, texts: list[str]) -> float:
    """The largest difference between two probabilities of a label."""
    served, own = Student(open_artifact(folder / "artifact")), module.StudentModel(folder / "export")
    worst = 0.0
    for text in texts:
        told, guess = own.says(text), served.guess(text)
        worst = max(worst, *np.abs(np.subtract(list(told["confidences"].values()), guess.confidences)))
    return worst


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_every_architecture(kind: str, taken: Taken, modeling: Open, tmp_path: Path) -> None:
    examples = make_examples(60)
    texts = [str(example["input"]) for example in examples]
    (tmp_path / "encoder").mkdir()
    folder = taken(make_checkpoint(tmp_path / "encoder", kind, texts), examples, max_tokens=48)
    assert gap(folder, modeling(folder / "export"), [*texts[:20], "", "loan", "card [SEP] </s>"]) < 1e-3


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_pairs_and_their_segments(pooling: str, taken: Taken, modeling: Open, tmp_path: Path) -> None:
    examples = make_examples(60)
    for example in examples:
        example["input"] = str(example["input"]).replace(" ", SLOT_SEPARATOR, 1)
    texts = [str(example["input"]) for example in examples]
    (tmp_path / "encoder").mkdir()
    encoder = make_checkpoint(tmp_path / "encoder", "bert", texts)
    folder = taken(encoder, examples, max_tokens=16, pairs=True, pooling=pooling)
    module = modeling(folder / "export")
    assert module.StudentModel(folder / "export").border is not None
    assert gap(folder, module, [*texts[:20], "loan alone"]) < 1e-3


def test_the_bundled_encoder(taken: Taken, modeling: Open) -> None:
    folder = taken(Path("bundled"), make_examples(40), max_tokens=32)
    module = modeling(folder / "export")
    texts = ["Where is my card?", "Grüße aus Köln", "I want a loan, now!"]
    assert gap(folder, module, texts) < 1e-3
    with torch.no_grad():
        ids = torch.tensor([module.Folder(folder / "export").tokens(texts[0])])
        assert module.StudentModel(folder / "export").embed(ids).norm().item() == pytest.approx(1)


def test_it_runs_by_itself_without_us(exported: Path) -> None:
    ours = f"import sys; sys.path.insert(0, {str(exported)!r}); {RUN}"
    command = [sys.executable, "-I", "-c", ours, str(exported / "modeling.py"), "send my card"]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert told.returncode == 0, told.stderr
    assert set(json.loads(told.stdout)["answer"]) == {"topic", "urgent"}
