"""What the training child is asked: job.json and examples.jsonl, checked once at the door.

Refuses to know where the examples came from or why they were split as they are.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shadowbert.bert.training.checkpoint import WantedPooling
from shadowbert.domain.contract import Answer, Contract
from shadowbert.errors import TrainingFailed

Split = Literal["train", "calibration", "heldout"]
Recipe = Literal["probe", "partial", "finetune", "reinitialised"]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Example(_Line):
    """One distinct input with the answer to learn. `weight` restores the traffic's mix where rows were not uniform."""

    id: str
    input: str
    answer: Answer
    split: Split
    weight: Positive = 1.0
    group: str | None = None
    """Shared by near-duplicates, which are judged by no head that was fitted on one of them."""


class _JobFile(_Line):
    contract: dict[str, Any]
    encoder: str = "bundled"
    pooling: WantedPooling = "auto"
    recipes: tuple[Recipe, ...] = ("probe",)
    seed: int = 0
    threads: Annotated[int, Field(ge=1)] = 1
    device: str = "auto"
    devices: Annotated[int, Field(ge=1)] = 1
    serving: Literal["cpu", "cuda"] = "cpu"
    max_tokens: Annotated[int, Field(gt=2)] = 256
    pairs: bool = False
    cutoff: int
    artifact_dir: str
    task: str = ""
    teacher: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    contract: Contract
    encoder: str
    pooling: WantedPooling
    recipes: tuple[Recipe, ...]
    seed: int
    threads: int
    max_tokens: int
    pairs: bool
    """Whether an input is several texts, joined by SLOT_SEPARATOR."""
    cutoff: int
    artifact_dir: Path
    examples: tuple[Example, ...]
    task: str = ""
    teacher: str = ""
    device: str = "auto"
    """As the operator wants it; `device.settle` finds it."""
    devices: int = 1
    serving: str = "cpu"
    """The device that the student is to answer on."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many outcomes each field has."""
        return tuple(field.classes for field in self.contract.fields)


def read_job(folder: Path) -> Job:
    """Raises TrainingFailed when the job cannot be trained as it is."""
    try:
        file = _JobFile.model_validate_json((folder / "job.json").read_bytes())
        contract = Contract.from_json(file.contract)
        examples = _read_examples(folder / "examples.jsonl")
    except (OSError, ValidationError, AssertionError, KeyError, TypeError) as exc:
        raise TrainingFailed(f"the job cannot be read: {exc}") from exc
    job = Job(
        contract=contract,
        encoder=file.encoder,
        pooling=file.pooling,
        recipes=file.recipes,
        seed=file.seed,
        threads=file.threads,
        max_tokens=file.max_tokens,
        pairs=file.pairs,
        cutoff=file.cutoff,
        artifact_dir=Path(file.artifact_dir),
        examples=examples,
        task=file.task,
        teacher=file.teacher,
        device=file.device,
        devices=file.devices,
        serving=file.serving,
    )
    _check(job)
    return job


def _read_examples(path: Path) -> tuple[Example, ...]:
    with path.open(encoding="utf-8") as lines:
        return tuple(Example.model_validate(json.loads(line)) for line in lines if line.strip())


def _check(job: Job) -> None:
    if "probe" not in job.recipes:
        raise TrainingFailed("every job starts with the probe")
    if job.artifact_dir.exists():
        raise TrainingFailed(f"{job.artifact_dir.name} exists already; a student is published once")
    for example in job.examples:
        fits = len(example.answer) == len(job.sizes) and all(
            0 <= label < size for label, size in zip(example.answer, job.sizes, strict=True)
        )
        if not fits:
            raise TrainingFailed(f"the answer of example {example.id} does not fit the contract")
    for split, least in (("train", 10), ("heldout", 2)):
        if sum(example.split == split for example in job.examples) < least:
            raise TrainingFailed(f"fewer than {least} {split} examples")
