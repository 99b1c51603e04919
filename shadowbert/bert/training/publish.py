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

import numpy as np
import torch
from safetensors.torch import save_file

from shadowbert.bert.serving import artifact, decode
from shadowbert.bert.serving.runtime import Student
from shadowbert.bert.training.candidate import Candidate
from shadowbert.bert.training.card import make_card
from shadowbert.bert.training.card_text import card_text
from shadowbert.bert.training.corpus import Corpus
from shadowbert.bert.training.experts import Experts
from shadowbert.bert.training.export import TOLERANCE, attach_experts, check_export
from shadowbert.bert.training.job import Job
from shadowbert.bert.training.lengths import longest
from shadowbert.bert.training.scores import ScoredRow
from shadowbert.errors import TrainingFailed

GOLDEN = (
    "Hello, can you help me?",
    "I would like to know when the parcel that I ordered last Tuesday will arrive, and whether I can still change it.",
    "The committee expects growth of about 2.5 % next year.",
    "Grüße aus Köln: 42 €, bitte! 你好 🙂",
    "one two three four five six seven eight nine ten " * 8,
    "The parcel that I ordered is late.\n[SEP]\nWhere is my parcel? [SEP] </s>",
)
"""Sentences of ours of several lengths and scripts; a user's text would outlive its erasure in the manifest."""


def publish(job: Job, corpus: Corpus, candidate: Candidate, *, encoder: Path, work: Path) -> artifact.Manifest:
    """`work` is a folder on the artifact's file system; raises TrainingFailed or ArtifactInvalid before the rename."""
    staged = work / "student"
    staged.mkdir()
    weight, _ = candidate.experts.layer()
    gap = check_export(candidate.encoder, candidate.graphs.exported, weight, max_tokens=job.max_tokens)
    source = candidate.graphs.path(candidate.variant)
    attach_experts(source, staged / artifact.MODEL, candidate.experts)
    _check_experts(corpus, source, staged / artifact.MODEL, candidate.experts)
    _save_weights(candidate, staged / artifact.WEIGHTS)
    (staged / artifact.TOKENIZER).write_bytes(corpus.tokenizer)
    shutil.copyfile(encoder / artifact.CONFIG, staged / artifact.CONFIG)
    (staged / artifact.HELDOUT).write_text("".join(map(_line, candidate.rows)), encoding="utf-8")
    _describe(job, corpus, candidate, staged)
    manifest = _manifest(job, corpus, candidate, staged, gap)
    (staged / artifact.MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    Student(artifact.open_artifact(staged), device=corpus.device)
    _sync(staged.iterdir())
    staged.rename(job.artifact_dir)
    _sync([job.artifact_dir.parent])
    return manifest


def _manifest(job: Job, corpus: Corpus, candidate: Candidate, staged: Path, gap: float) -> artifact.Manifest:
    length = longest(_judged(corpus, candidate))
    return artifact.Manifest(
        format=2,
        contract=job.contract.to_json(),
        encoder=job.encoder,
        pooling=candidate.encoder.pooling,
        recipe=candidate.recipe,
        variant=candidate.variant,
        temperatures=candidate.temperatures,
        max_tokens=job.max_tokens,
        longest=length,
        pairs=job.pairs,
        cutoff=job.cutoff,
        examples=artifact.Examples(count=len(corpus.ids), sha256=ids_sha256(corpus.ids)),
        golden=_golden(corpus, candidate, staged / artifact.MODEL),
        scores=candidate.scores | {"export_gap": gap, "longest": float(length)},
        files={path.name: artifact.file_sha256(path) for path in sorted(staged.iterdir())},
    )


def _describe(job: Job, corpus: Corpus, candidate: Candidate, staged: Path) -> None:
    """The model card for people and for programs, and which rows were learnt from: ids, never a text."""
    length = longest(_judged(corpus, candidate))
    card = make_card(job, corpus, candidate, examples_sha256=ids_sha256(corpus.ids), longest=length)
    (staged / artifact.CARD).write_text(json.dumps(card.to_json(), indent=1), encoding="utf-8")
    (staged / artifact.README).write_text(card_text(card), encoding="utf-8")
    (staged / artifact.ROWS).write_text(_rows(corpus.ids), encoding="utf-8")


def ids_sha256(ids: Iterable[str]) -> str:
    """Names the training set without naming its rows: the hash of the file that names them."""
    return hashlib.sha256(_rows(ids).encode()).hexdigest()


def _rows(ids: Iterable[str]) -> str:
    return "\n".join(sorted(ids))


def _judged(corpus: Corpus, candidate: Candidate) -> list[str]:
    rows = {row.id for row in candidate.rows}
    return [text for own, text in zip(corpus.ids, corpus.texts, strict=True) if own in rows]


def _golden(corpus: Corpus, candidate: Candidate, model: Path) -> tuple[artifact.Golden, ...]:
    network = corpus.network(model)
    golden = []
    for text in GOLDEN:
        guess = decode.guess(decode.probabilities(network(text), corpus.sizes, candidate.temperatures))
        golden.append(artifact.Golden(text=text, answer=guess.answer, confidences=guess.confidences))
    return tuple(golden)


def _check_experts(corpus: Corpus, bare: Path, whole: Path, experts: Experts) -> None:
    """The student's graph says what its parts say: encoder, heads, words and neighbours."""
    encoder, student = map(corpus.network, (bare, whole))
    for text in GOLDEN:
        expected = experts.logits(encoder(text), encoder.reader(text))
        if not np.allclose(student(text), expected, rtol=1e-6, atol=TOLERANCE):
            gap = float(np.abs(student(text) - expected).max())
            raise TrainingFailed(f"the student's graph differs from its parts by {gap:.2g}, allowed are {TOLERANCE:g}")


def _save_weights(candidate: Candidate, path: Path) -> None:
    """Encoder and experts: enough to go on training, or to export for another runtime."""
    tensors = {f"encoder.{name}": tensor.contiguous() for name, tensor in candidate.encoder.model.state_dict().items()}
    experts = {name: torch.from_numpy(array) for name, array in candidate.experts.tensors().items()}
    save_file(tensors | experts, path)


def _line(row: ScoredRow) -> str:
    line = {
        "id": row.id,
        "answer": row.guess.answer,
        "confidences": [round(confidence, 6) for confidence in row.guess.confidences],
        "joint": round(row.guess.joint, 6),
        "agreed": row.agreed,
    }
    return json.dumps(line) + "\n"


def _sync(paths: Iterable[Path]) -> None:
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
