"""From a candidate to an artifact: graph with heads, weights, rows, manifest last; then one rename.

Refuses to know how the candidate came to be. What is renamed into place has been opened and has answered as a serving
process will open it and ask it, so a folder with the artifact's name is always whole.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors.torch import save_file

from shadowbert.bert.serving import artifact, decode
from shadowbert.bert.serving.network import Network
from shadowbert.bert.serving.runtime import Student
from shadowbert.bert.training.corpus import Corpus
from shadowbert.bert.training.export import attach_heads, check_export
from shadowbert.bert.training.heads import stack
from shadowbert.bert.training.job import Job
from shadowbert.bert.training.recipes import Candidate
from shadowbert.bert.training.scores import ScoredRow

GOLDEN = (
    "Hello, can you help me?",
    "I would like to know when the parcel that I ordered last Tuesday will arrive, and whether I can still change it.",
    "The committee expects growth of about 2.5 % next year.",
    "Grüße aus Köln: 42 €, bitte! 你好 🙂",
    "one two three four five six seven eight nine ten " * 8,
)
"""Sentences of ours of several lengths and scripts; a user's text would outlive its erasure in the manifest."""


def publish(job: Job, corpus: Corpus, candidate: Candidate, *, encoder: Path, work: Path) -> artifact.Manifest:
    """`work` is a folder on the artifact's file system; raises TrainingFailed or ArtifactInvalid before the rename."""
    staged = work / "student"
    staged.mkdir()
    weight, bias = stack(candidate.heads, corpus.sizes)
    gap = check_export(candidate.encoder, candidate.graphs.exported, weight, max_tokens=job.max_tokens)
    attach_heads(candidate.graphs.path(candidate.variant), staged / artifact.MODEL, weight, bias)
    _save_weights(candidate, staged / artifact.WEIGHTS)
    (staged / artifact.TOKENIZER).write_bytes(corpus.tokenizer)
    shutil.copyfile(encoder / artifact.CONFIG, staged / artifact.CONFIG)
    (staged / artifact.HELDOUT).write_text("".join(map(_line, candidate.rows)), encoding="utf-8")
    manifest = _manifest(job, corpus, candidate, staged, gap)
    (staged / artifact.MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    Student(artifact.open_artifact(staged))
    _sync(staged.iterdir())
    staged.rename(job.artifact_dir)
    _sync([job.artifact_dir.parent])
    return manifest


def _manifest(job: Job, corpus: Corpus, candidate: Candidate, staged: Path, gap: float) -> artifact.Manifest:
    return artifact.Manifest(
        format=1,
        contract=job.contract.to_json(),
        encoder=job.encoder,
        recipe=candidate.recipe,
        variant=candidate.variant,
        temperatures=candidate.temperatures,
        max_tokens=job.max_tokens,
        cutoff=job.cutoff,
        examples=artifact.Examples(count=len(corpus.ids), sha256=ids_sha256(corpus.ids)),
        golden=_golden(corpus, candidate, staged / artifact.MODEL),
        scores=candidate.scores | {"export_gap": gap},
        files={path.name: artifact.file_sha256(path) for path in sorted(staged.iterdir())},
    )


def ids_sha256(ids: Iterable[str]) -> str:
    """Names the training set without naming its rows."""
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()


def _golden(corpus: Corpus, candidate: Candidate, model: Path) -> tuple[artifact.Golden, ...]:
    network = Network(model.read_bytes(), corpus.tokenizer, max_tokens=corpus.max_tokens)
    golden = []
    for text in GOLDEN:
        guess = decode.guess(decode.probabilities(network(text), corpus.sizes, candidate.temperatures))
        golden.append(artifact.Golden(text=text, answer=guess.answer, confidences=guess.confidences))
    return tuple(golden)


def _save_weights(candidate: Candidate, path: Path) -> None:
    """Encoder and heads: enough to go on training, or to export for another runtime."""
    tensors = {f"encoder.{name}": tensor.contiguous() for name, tensor in candidate.encoder.model.state_dict().items()}
    for field, head in enumerate(candidate.heads):
        tensors |= {f"heads.{field}.{name}": torch.from_numpy(array) for name, array in head.tensors().items()}
    save_file(tensors, path)


def _line(row: ScoredRow) -> str:
    line = {
        "id": row.id,
        "answer": row.guess.answer,
        "confidences": [round(confidence, 6) for confidence in row.guess.confidences],
        "joint": round(row.guess.joint, 6),
        "agreed": row.agreed,
        "out_of_fold": row.out_of_fold,
    }
    return json.dumps(line) + "\n"


def _sync(paths: Iterable[Path]) -> None:
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
