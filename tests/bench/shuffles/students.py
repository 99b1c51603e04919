"""Real students that cost seconds: the product's first recipe on the bundled encoder's embeddings.

Linear heads, cross-fitted on all they have learnt and calibrated on that; at one regularisation, in single precision,
without words and neighbours. So a stream can be lived through many times. Each text is embedded once and kept.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shadowbert.bert.serving.reader import Reader
from shadowbert.bert.training import scores
from shadowbert.bert.training.checkpoint import locate
from shadowbert.bert.training.encoder import load
from shadowbert.bert.training.finetune import embedded
from shadowbert.bert.training.heads import Floats32, head_logits
from shadowbert.bert.training.probe import Ints, Rows, deal, fit_head
from shadowbert.bert.training.vocabulary import student_tokenizer
from shadowbert.domain.student import Guess
from shadowbert.gating.threshold import Scored

MAX_TOKENS = 256
REGULARISATION = 10.0


@dataclass(frozen=True, slots=True)
class Student:
    guesses: tuple[Guess, ...]
    """One for each row of the stream."""
    own: tuple[Scored, ...]
    """On what it has learnt, each row guessed by heads that have not."""


def embed(texts: Sequence[str], folder: Path) -> Floats32:
    """(texts, dimensions), kept in the folder."""
    checkpoint = locate("bundled")
    name = hashlib.sha256("\n".join([checkpoint.name, *texts]).encode()).hexdigest()[:24]
    file = folder / f"embedded-{name}.npy"
    if not file.exists():
        reader = Reader(student_tokenizer(checkpoint), max_tokens=MAX_TOKENS, pairs=False)
        encoder = load(checkpoint, max_tokens=MAX_TOKENS, border=None)
        encoder.eval()
        kinds = list(dict.fromkeys(texts))
        found = dict(zip(kinds, embedded(encoder, [reader(text) for text in kinds]), strict=True))
        folder.mkdir(parents=True, exist_ok=True)
        np.save(file, np.stack([found[text] for text in texts]))
    loaded: Floats32 = np.load(file)
    return loaded


def teach(features: Floats32, learnt: Sequence[int], answers: Ints, sizes: Sequence[int], *, seed: int) -> Student:
    """On these rows of the stream; answers (learnt rows, fields)."""
    rows = Rows(features[list(learnt)], answers, np.ones(len(learnt)))
    unseen = _out_of_fold(rows, deal(answers, seed=seed), sizes)
    temperatures = scores.fit_temperatures(unseen, answers, rows.weights)
    held_out = scores.guesses(unseen, temperatures)
    heads = [fit_head(rows, field, REGULARISATION) for field in range(len(sizes))]
    said = scores.guesses(head_logits(heads, features, sizes), temperatures)
    agreed = [guess.answer == tuple(answer) for guess, answer in zip(held_out, answers.tolist(), strict=True)]
    own = [Scored(guess.joint, right, guess.answer) for guess, right in zip(held_out, agreed, strict=True)]
    return Student(tuple(said), tuple(own))


def _out_of_fold(rows: Rows, folds: Ints, sizes: Sequence[int]) -> list[Floats32]:
    logits = [np.empty((len(folds), size), dtype=np.float32) for size in sizes]
    for fold in np.unique(folds):
        asked, taught = folds == fold, rows.where(folds != fold)
        for field, size in enumerate(sizes):
            logits[field][asked] = fit_head(taught, field, REGULARISATION).logits(rows.features[asked], size)
    return logits
