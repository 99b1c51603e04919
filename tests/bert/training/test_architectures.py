"""Every architecture that may be an encoder, from a checkpoint with random weights to a student that serves."""

from pathlib import Path

import numpy as np
import pytest

from shadowbert.bert.serving.artifact import open_artifact
from shadowbert.bert.serving.runtime import Student
from shadowbert.bert.training import train as training
from shadowbert.bert.training.checkpoint import locate
from shadowbert.bert.training.encoder import load
from shadowbert.bert.training.export import check_export, export_encoder
from shadowbert.bert.training.job import read_job
from shadowbert.bert.training.train import train
from tests.bert.checkpoints import ARCHITECTURES, make_checkpoint
from tests.bert.conftest import MakeJob, make_examples, the_last


@pytest.fixture(scope="module", params=ARCHITECTURES)
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = [str(example["input"]) for example in make_examples(60)]
    return make_checkpoint(tmp_path_factory.mktemp(request.param), request.param, texts)


def test_it_is_trained_exported_and_served(
    checkpoint: Path, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Probe and fine-tuning; the fine-tuned one is published, proving itself by its golden predictions."""
    monkeypatch.setattr(training, "choose", the_last)
    folder = make_job(60, encoder=str(checkpoint), recipes=["probe", "finetune"], max_tokens=48)
    manifest = train(read_job(folder))
    assert (manifest.recipe, manifest.pooling) == ("finetune", "mean")
    assert manifest.scores["export_gap"] < 1e-3
    student = Student(open_artifact(folder / "artifact"))
    fresh = make_examples(40, seed=7)
    right = [student.guess(str(example["input"])).answer == tuple(example["answer"]) for example in fresh]
    assert sum(right) > len(right) / 2, "one in six would be luck"


@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_it_exports_in_every_shape(checkpoint: Path, pooling: str, tmp_path: Path) -> None:
    encoder = load(locate(str(checkpoint), pooling=pooling), max_tokens=64)
    export_encoder(encoder, tmp_path / "model.onnx")
    weight = np.full((3, 32), 10, np.float32)
    assert check_export(encoder, tmp_path / "model.onnx", weight, max_tokens=64) < 1e-3
