"""The job's examples as arrays, and the encoder's graphs run over them.

Refuses to know heads and recipes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse
from tokenizers import Tokenizer

from shadowbert.bert.serving.decode import Floats
from shadowbert.bert.serving.network import Network
from shadowbert.bert.serving.reader import Reader
from shadowbert.bert.training.checkpoint import Checkpoint
from shadowbert.bert.training.encoder import Encoder
from shadowbert.bert.training.export import export_encoder, halve, optimise, quantise
from shadowbert.bert.training.heads import Floats32
from shadowbert.bert.training.job import Job
from shadowbert.bert.training.ngrams import count, token_codes
from shadowbert.bert.training.ordered import Places, places
from shadowbert.bert.training.probe import Ints
from shadowbert.bert.training.progress import Steps
from shadowbert.bert.training.vocabulary import student_tokenizer
from shadowbert.errors import TrainingFailed

Variant = Literal["int8", "fp16", "fp32"]
VARIANTS: tuple[Variant, ...] = ("int8", "fp16", "fp32")
"""From the smallest on."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Rows in the job's order: texts, labels (rows, fields), weights, splits and groups (rows,)."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    labels: Ints
    weights: Floats
    splits: npt.NDArray[np.str_]
    groups: npt.NDArray[np.str_]
    """Whose near-duplicate each row is; a row without any has its own id."""
    tokenizer: bytes
    tokens: tuple[tuple[int, ...], ...]
    """Ids as they are read, special ones included, never more than max_tokens."""
    codes: Ints
    counts: sparse.csr_matrix
    """(rows, buckets): how often each hashed n-gram occurs."""
    max_tokens: int
    pairs: bool
    fields: tuple[str, ...]
    sizes: tuple[int, ...]
    """How many outcomes each field has."""
    orders: tuple[Places, ...]
    """Where they stand, field by field."""
    device: str = "cpu"
    """Where the student is to serve."""

    def reader(self) -> Reader:
        """As the student will read."""
        return Reader(self.tokenizer, max_tokens=self.max_tokens, pairs=self.pairs)

    def network(self, graph: Path) -> Network:
        """As the student will run."""
        return Network(graph.read_bytes(), self.reader(), device=self.device)

    def select(self, rows: npt.NDArray[np.bool_]) -> list[str]:
        return [self.texts[row] for row in np.flatnonzero(rows)]


@dataclass(frozen=True, slots=True)
class Graphs:
    """One encoder exported: as it came from torch, and the variants as they would serve."""

    exported: Path
    fp32: Path
    int8: Path
    fp16: Path | None = None
    """None where it would not serve on a GPU: a CPU has no kernels for it."""

    def path(self, variant: Variant) -> Path:
        found = {"int8": self.int8, "fp16": self.fp16, "fp32": self.fp32}[variant]
        if found is None:
            raise TrainingFailed(f"there is no {variant} of this encoder")
        return found

    def variants(self) -> tuple[Variant, ...]:
        return tuple(variant for variant in VARIANTS if variant != "fp16" or self.fp16 is not None)


def read_corpus(job: Job, checkpoint: Checkpoint) -> Corpus:
    """Read by the class that serves."""
    tokenizer = student_tokenizer(checkpoint)
    reader = Reader(tokenizer, max_tokens=job.max_tokens, pairs=job.pairs)
    texts = tuple(example.input for example in job.examples)
    tokens = tuple(tuple(reader(text)) for text in texts)
    codes = token_codes(Tokenizer.from_buffer(tokenizer))
    return Corpus(
        ids=tuple(example.id for example in job.examples),
        texts=texts,
        labels=np.array([example.answer for example in job.examples], dtype=np.int64),
        weights=np.array([example.weight for example in job.examples], dtype=np.float64),
        splits=np.array([example.split for example in job.examples]),
        groups=np.array([example.id if example.group is None else example.group for example in job.examples]),
        tokenizer=tokenizer,
        tokens=tokens,
        codes=codes,
        counts=count(tokens, codes),
        max_tokens=job.max_tokens,
        pairs=job.pairs,
        fields=tuple(field.name for field in job.contract.fields),
        sizes=job.sizes,
        orders=tuple(map(places, job.contract.fields)),
        device=job.serving,
    )


def make_graphs(encoder: Encoder, folder: Path, *, device: str = "cpu") -> Graphs:
    folder.mkdir()
    half = folder / "fp16.onnx" if device == "cuda" else None
    graphs = Graphs(folder / "exported.onnx", folder / "fp32.onnx", folder / "int8.onnx", half)
    export_encoder(encoder, graphs.exported)
    optimise(graphs.exported, graphs.fp32)
    quantised = folder / "quantised.onnx"
    quantise(graphs.exported, quantised)
    optimise(quantised, graphs.int8)
    quantised.unlink()
    if half is not None:
        halve(graphs.fp32, half)
    return graphs


def embed(graph: Path, corpus: Corpus, texts: Sequence[str]) -> Floats32:
    """(texts, dimensions), computed one by one by the class that serves."""
    network, steps, rows = corpus.network(graph), Steps("", len(texts), foresees=False), []
    for text in texts:
        rows.append(network(text))
        steps.done(phase="encoding")
    return np.stack(rows)
