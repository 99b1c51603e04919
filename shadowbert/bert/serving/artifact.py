"""A published student on disk: its manifest, and the proof that none of its files was changed since.

Refuses to know how a student is run or trained; it opens nothing that it has not hashed first.
"""

import hashlib
import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shadowbert.domain.contract import Contract
from shadowbert.errors import ArtifactInvalid

MANIFEST = "manifest.json"
MODEL = "student.onnx"
TOKENIZER = "tokenizer.json"
WEIGHTS = "weights.safetensors"
CONFIG = "config.json"
HELDOUT = "heldout.jsonl"
CARD = "card.json"
README = "README.md"
ROWS = "rows.txt"
FILES = frozenset({MODEL, TOKENIZER, WEIGHTS, CONFIG, HELDOUT, CARD, README, ROWS})
"""All that an artifact may hold beside its manifest: data formats only, nothing that runs when it is opened."""

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Pooling = Literal["mean", "cls", "max"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Golden(_Part):
    """A sentence of ours (never a user's) with what the student said about it when it was published."""

    text: str
    answer: tuple[int, ...]
    confidences: tuple[Share, ...]


class Examples(_Part):
    """What the student was trained on: how many, and the hash of their sorted ids."""

    count: int
    sha256: str


class Manifest(_Part):
    format: Literal[2]
    contract: dict[str, Any]
    encoder: str
    pooling: Pooling
    recipe: str
    variant: Literal["int8", "fp16", "fp32"]
    temperatures: tuple[Positive, ...]
    max_tokens: Annotated[int, Field(gt=2)]
    longest: Annotated[int, Field(ge=0)]
    """Characters. A text beyond is answered only where all of it fits into `max_tokens`: of no such length that had to
    be cut was one among those that the student was judged on.
    """
    pairs: bool
    """Whether an input is two texts (or more: the second and what follows it), so that the first may be cut off."""
    cutoff: int
    """The store's load sequence up to which exchanges were read for training."""
    examples: Examples
    golden: tuple[Golden, ...]
    scores: dict[str, float]
    files: dict[str, str]
    """File name to sha256."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A verified student. `read` verifies again, so that what is run is what was hashed."""

    path: Path
    manifest: Manifest
    contract: Contract

    def read(self, name: str) -> bytes:
        """Raises ArtifactInvalid when the file is gone or no longer what the manifest says."""
        try:
            content = (self.path / name).read_bytes()
        except OSError as exc:
            raise ArtifactInvalid(f"{self.path.name}: {name} cannot be read: {exc.strerror}") from exc
        if hashlib.sha256(content).hexdigest() != self.manifest.files.get(name):
            raise ArtifactInvalid(f"{self.path.name}: {name} is not the file that was published (sha256 differs)")
        return content


def open_artifact(path: Path) -> Artifact:
    """Check a student's folder completely; raises ArtifactInvalid with a sentence that says what is wrong."""
    manifest = _read_manifest(path)
    contract = _contract(path, manifest)
    _check_names(path, manifest)
    for name, expected in manifest.files.items():
        if file_sha256(path / name) != expected:
            raise ArtifactInvalid(f"{path.name}: {name} is not the file that was published (sha256 differs)")
    if refers_outside(path / MODEL):
        raise ArtifactInvalid(f"{path.name}: {MODEL} refers to data outside itself; only single files are opened")
    return Artifact(path, manifest, contract)


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def refers_outside(model: Path) -> bool:
    """Whether an ONNX file keeps tensors in other files (CVE-2022-25882 and its successors).

    Such a tensor has an `external_data` entry whose key is the string "location", wherever in the graph it stands;
    protobuf stores strings contiguously, so a file without these bytes has no such tensor.
    """
    if model.stat().st_size == 0:
        return False
    with model.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b"location") != -1


def _read_manifest(path: Path) -> Manifest:
    if not path.is_dir():
        raise ArtifactInvalid(f"{path.name}: there is no such student folder")
    try:
        return Manifest.model_validate_json((path / MANIFEST).read_bytes())
    except OSError as exc:
        raise ArtifactInvalid(f"{path.name}: no readable {MANIFEST}; the student was never published whole") from exc
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "whole"
        raise ArtifactInvalid(f"{path.name}: {MANIFEST} is not valid at {where}: {first['msg']}") from exc


def _contract(path: Path, manifest: Manifest) -> Contract:
    try:
        contract = Contract.from_json(manifest.contract)
    except (AssertionError, KeyError, TypeError) as exc:
        raise ArtifactInvalid(f"{path.name}: {MANIFEST} holds no contract") from exc
    if len(manifest.temperatures) != len(contract.fields):
        raise ArtifactInvalid(f"{path.name}: {MANIFEST} does not have one temperature a field")
    return contract


def _check_names(path: Path, manifest: Manifest) -> None:
    """An allow-list, so that path traversal, pickles, scripts and libraries have no way in."""
    if strange := sorted(set(manifest.files) - FILES):
        raise ArtifactInvalid(f"{path.name}: {MANIFEST} lists {strange[0]!r}, which no student has")
    if missing := sorted({MODEL, TOKENIZER} - set(manifest.files)):
        raise ArtifactInvalid(f"{path.name}: {MANIFEST} does not list {missing[0]}")
    present = {entry.name: entry for entry in path.iterdir()}
    if extra := sorted(set(present) - set(manifest.files) - {MANIFEST}):
        raise ArtifactInvalid(f"{path.name}: {extra[0]!r} was not published with this student")
    for name in sorted(manifest.files):
        if name not in present:
            raise ArtifactInvalid(f"{path.name}: {name} is missing")
        if present[name].is_symlink() or not present[name].is_file():
            raise ArtifactInvalid(f"{path.name}: {name} is not a plain file")
