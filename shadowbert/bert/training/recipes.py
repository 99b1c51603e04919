"""The recipes: how a student comes to be, from cheap to dear, each ending in a candidate that could be published.

Refuses to know the job's files and the manifest. A candidate is served in int8 unless that costs answers: int8 must
keep 99.5 % of fp32's on the surer half of the held-out rows (only sure answers are ever served), one row always
forgiven as chance; else fp32 serves. Everything after that choice - heads, temperatures, scores - is computed on the
outputs of the variant that serves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from shadowbert.bert.training import scores
from shadowbert.bert.training.corpus import Corpus, Graphs, Variant, embed, make_graphs
from shadowbert.bert.training.encoder import Encoder
from shadowbert.bert.training.finetune import Lesson, Settings, fine_tune
from shadowbert.bert.training.heads import Floats32, Head
from shadowbert.bert.training.probe import Rows, fit_head, fit_probe
from shadowbert.bert.training.scores import Mask, ScoredRow
from shadowbert.domain.student import Guess

KEEP = 0.995
FORGIVEN = 1
TRIAL_REGULARISATION = 10.0
MIN_CALIBRATION = 20


@dataclass(frozen=True, slots=True)
class Candidate:
    recipe: str
    encoder: Encoder
    graphs: Graphs
    variant: Variant
    heads: tuple[Head, ...]
    temperatures: tuple[float, ...]
    rows: tuple[ScoredRow, ...]
    """Rows on which a threshold may be proposed."""
    scores: dict[str, float]

    @property
    def agreement(self) -> float:
        """Joint, on calibration and held-out rows: no recipe has fitted weights on a row that it guesses here, so
        recipes are compared on the same rows.
        """
        return self.scores["agreement"]


@dataclass(frozen=True, slots=True)
class Frozen:
    """The encoder as it came, run over the corpus by the variant that serves."""

    graphs: Graphs
    variant: Variant
    features: Floats32
    trial: tuple[Head, ...]
    """Heads fitted on train rows only: they choose the variant and start the fine-tuning."""
    keeps: dict[str, float]


def freeze(encoder: Encoder, corpus: Corpus, folder: Path) -> Frozen:
    graphs = make_graphs(encoder, folder)
    features = embed(graphs.int8, corpus, corpus.texts)
    train = Rows(features, corpus.labels, corpus.weights).where(corpus.splits == "train")
    trial = tuple(fit_head(train, field, TRIAL_REGULARISATION) for field in range(len(corpus.sizes)))
    heldout = corpus.splits == "heldout"
    variant, keeps = choose_variant(graphs, corpus, trial, features[heldout])
    if variant == "fp32":
        features = embed(graphs.fp32, corpus, corpus.texts)
    return Frozen(graphs, variant, features, trial, keeps)


def choose_variant(
    graphs: Graphs, corpus: Corpus, heads: Sequence[Head], int8: Floats32
) -> tuple[Variant, dict[str, float]]:
    """`int8` holds the int8 features of the held-out rows."""
    fp32 = embed(graphs.fp32, corpus, corpus.select(corpus.splits == "heldout"))
    plain = (1.0,) * len(heads)
    served, reference = (scores.guesses(_logits(heads, own, corpus.sizes), plain) for own in (int8, fp32))
    sure, everywhere = scores.kept(served, reference)
    keeps = {"int8_keeps_sure": sure, "int8_keeps_all": everywhere}
    return ("int8" if _tolerable(1 - sure, len(fp32) // 2) else "fp32"), keeps


def _tolerable(lost: float, rows: int) -> bool:
    return round(lost * rows) <= max(FORGIVEN, (1 - KEEP) * rows)


def probe(encoder: Encoder, corpus: Corpus, frozen: Frozen, *, seed: int) -> Candidate:
    """Logistic regression on the frozen features; scored and calibrated out of fold, on every row."""
    rows = Rows(frozen.features, corpus.labels, corpus.weights)
    fitted = fit_probe(rows, corpus.sizes, seed=seed, groups=corpus.groups)
    temperatures = scores.fit_temperatures(fitted.logits, corpus.labels, corpus.weights)
    guessed = scores.guesses(fitted.logits, temperatures)
    everywhere = np.ones(len(guessed), dtype=bool)
    judged = corpus.splits != "train"
    return Candidate(
        recipe="probe",
        encoder=encoder,
        graphs=frozen.graphs,
        variant=frozen.variant,
        heads=fitted.heads,
        temperatures=temperatures,
        rows=_rows(corpus, everywhere, guessed, out_of_fold=True),
        scores=_numbers(corpus, judged, [g for g, own in zip(guessed, judged, strict=True) if own]) | frozen.keeps,
    )


def finetune(encoder: Encoder, corpus: Corpus, heads: Sequence[Head], *, folder: Path, settings: Settings) -> Candidate:
    """Encoder and heads trained on the train rows, from `heads` on. Calibration rows fit the temperature; they and the
    held-out rows are scored (one number a field fitted on hundreds of rows leaves them as good as unseen).
    """
    lesson = _lesson(corpus, corpus.splits == "train")
    trained = fine_tune(encoder, heads, lesson, settings=settings)
    graphs = make_graphs(encoder, folder)
    judged = corpus.splits != "train"
    features = embed(graphs.int8, corpus, corpus.select(judged))
    variant, keeps = choose_variant(graphs, corpus, trained, features[corpus.splits[judged] == "heldout"])
    if variant == "fp32":
        features = embed(graphs.fp32, corpus, corpus.select(judged))
    logits = _logits(trained, features, corpus.sizes)
    temperatures = _calibrate(corpus, judged, logits)
    guessed = scores.guesses(logits, temperatures)
    return Candidate(
        recipe="finetune",
        encoder=encoder,
        graphs=graphs,
        variant=variant,
        heads=trained,
        temperatures=temperatures,
        rows=_rows(corpus, judged, guessed, out_of_fold=False),
        scores=_numbers(corpus, judged, guessed) | keeps,
    )


def _logits(heads: Sequence[Head], features: Floats32, sizes: Sequence[int]) -> list[Floats32]:
    return [head.logits(features, size) for head, size in zip(heads, sizes, strict=True)]


def _lesson(corpus: Corpus, rows: Mask) -> Lesson:
    tokens = corpus.tokens()
    weights = torch.from_numpy(corpus.weights[rows] / corpus.weights[rows].mean()).float()
    return Lesson([tokens[row] for row in np.flatnonzero(rows)], corpus.labels[rows], weights)


def _calibrate(corpus: Corpus, judged: Mask, logits: Sequence[Floats32]) -> tuple[float, ...]:
    """On the calibration rows, on all judged rows where there are too few."""
    own = corpus.splits[judged] == "calibration"
    if own.sum() < MIN_CALIBRATION:
        own = np.ones_like(own)
    labels, weights = corpus.labels[judged][own], corpus.weights[judged][own]
    return scores.fit_temperatures([field[own] for field in logits], labels, weights)


def _rows(corpus: Corpus, chosen: Mask, guessed: Sequence[Guess], *, out_of_fold: bool) -> tuple[ScoredRow, ...]:
    return tuple(
        ScoredRow(corpus.ids[row], guess, guess.answer == tuple(corpus.labels[row].tolist()), out_of_fold)
        for row, guess in zip(np.flatnonzero(chosen), guessed, strict=True)
    )


def _numbers(corpus: Corpus, judged: Mask, guessed: Sequence[Guess]) -> dict[str, float]:
    labels, weights = corpus.labels[judged], corpus.weights[judged]
    numbers = {"agreement": scores.agreement(guessed, labels, weights), "rows": float(len(guessed))}
    for field, name in enumerate(corpus.fields):
        right = [guess.answer[field] == label for guess, label in zip(guessed, labels[:, field], strict=True)]
        numbers[f"agreement.{name}"] = float(np.average(right, weights=weights))
    return numbers
