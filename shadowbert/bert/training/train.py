"""One training, from a job to a published student.

Refuses to know processes and exit codes; reports through `emit`, fails with StudentError.
"""

import tempfile
import time
from functools import partial
from pathlib import Path

import torch

from shadowbert.bert.serving.artifact import Manifest
from shadowbert.bert.training import ladder
from shadowbert.bert.training.candidate import Candidate
from shadowbert.bert.training.checkpoint import Checkpoint, locate
from shadowbert.bert.training.choice import choose
from shadowbert.bert.training.corpus import Corpus, read_corpus
from shadowbert.bert.training.device import look, settle
from shadowbert.bert.training.encoder import load
from shadowbert.bert.training.frozen import freeze, probe
from shadowbert.bert.training.job import Job
from shadowbert.bert.training.language import foreign_share
from shadowbert.bert.training.lengths import cut_share
from shadowbert.bert.training.progress import emit
from shadowbert.bert.training.publish import publish
from shadowbert.bert.training.tuned import Bench, finetune
from shadowbert.bert.training.tutor import Tutor


def train(job: Job) -> Manifest:
    """The best recipe is published, taught by all rows."""
    torch.set_num_threads(job.threads)
    place = settle(job.device, job.devices, look())
    checkpoint = locate(job.encoder, pooling=job.pooling)
    corpus = read_corpus(job, checkpoint)
    job.artifact_dir.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".training-", dir=job.artifact_dir.parent) as name:
        work = Path(name)
        candidates = _candidates(job, corpus, checkpoint, Tutor(place, work))
        best = choose(candidates, dict(zip(corpus.ids, corpus.weights.tolist(), strict=True)))
        best.scores.update(_inputs(corpus, checkpoint))
        whole = best.again() if best.again is not None else best
        return publish(job, corpus, whole, encoder=checkpoint.folder, work=work)


def _inputs(corpus: Corpus, checkpoint: Checkpoint) -> dict[str, float]:
    """What people should know of what it reads."""
    foreign = foreign_share(corpus.texts, checkpoint.languages)
    told = {"max_tokens": float(corpus.max_tokens), "cut": cut_share(corpus.texts, corpus.reader())}
    return told if foreign is None else told | {"foreign": foreign}


def _candidates(job: Job, corpus: Corpus, checkpoint: Checkpoint, tutor: Tutor) -> list[Candidate]:
    """From the cheapest on."""
    started = time.monotonic()
    border = corpus.reader().border if job.pairs else None
    fresh = partial(load, checkpoint, max_tokens=job.max_tokens, border=border)
    module = fresh()
    emit("encoding", examples=len(corpus.ids))
    frozen = freeze(module, corpus, tutor.folder / "frozen")
    candidates = [probe(module, corpus, frozen, seed=job.seed)]
    _report(candidates[-1], started)
    bench = Bench(corpus, frozen, fresh, tutor, job.seed)
    for recipe in ladder.tried(job.recipes, sentences=checkpoint.sentences)[1:]:
        started = time.monotonic()
        candidates.append(finetune(recipe, bench))
        _report(candidates[-1], started)
    return candidates


def _report(candidate: Candidate, started: float) -> None:
    seconds = round(time.monotonic() - started, 2)
    emit("candidate", recipe=candidate.recipe, variant=candidate.variant, seconds=seconds, scores=candidate.scores)
