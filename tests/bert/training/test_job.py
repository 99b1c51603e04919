"""A job that cannot be trained is refused at the door with a reason."""

import json

import pytest

from shadowbert.bert.training.job import read_job
from shadowbert.errors import TrainingFailed
from tests.bert.conftest import CONTRACT, MakeJob, make_examples


def test_a_job_is_read_whole(make_job: MakeJob) -> None:
    job = read_job(make_job(30, seed=7))
    assert job.contract == CONTRACT
    assert (job.seed, job.cutoff, len(job.examples), job.sizes) == (7, 1234, 30, (4, 3))
    assert job.examples[0].answer == tuple(make_examples(1)[0]["answer"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"answer": [4, 0]}, "does not fit"),
        ({"answer": [-1, 0]}, "does not fit"),
        ({"answer": [0]}, "does not fit"),
        ({"split": "test"}, "split"),
        ({"weight": 0}, "weight"),
        ({"weight": float("nan")}, "weight"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_strange_example(make_job: MakeJob, change: dict[str, object], reason: str) -> None:
    examples = make_examples(30)
    examples[3] |= change
    with pytest.raises(TrainingFailed, match=reason):
        read_job(make_job(examples=examples))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"recipes": ["finetune"]}, "starts with the probe"),
        ({"recipes": ["magic"]}, "recipes"),
        ({"contract": {}}, "cannot be read"),
        ({"threads": 0}, "threads"),
    ],
)
def test_strange_settings(make_job: MakeJob, settings: dict[str, object], reason: str) -> None:
    with pytest.raises(TrainingFailed, match=reason):
        read_job(make_job(30, **settings))


def test_too_few_examples(make_job: MakeJob) -> None:
    with pytest.raises(TrainingFailed, match="fewer than 10 train"):
        read_job(make_job(10))


def test_an_artifact_is_never_overwritten(make_job: MakeJob) -> None:
    folder = make_job(30)
    (folder / "artifact").mkdir()
    with pytest.raises(TrainingFailed, match="exists already"):
        read_job(folder)


def test_broken_files(make_job: MakeJob) -> None:
    folder = make_job(30)
    (folder / "examples.jsonl").write_text(json.dumps({"id": "x"}) + "\n")
    with pytest.raises(TrainingFailed, match="cannot be read"):
        read_job(folder)
    (folder / "job.json").unlink()
    with pytest.raises(TrainingFailed, match="cannot be read"):
        read_job(folder)
