"""The further recipes: encoder and heads trained together, from the frozen encoder's on, with words and neighbours.

The train rows teach. The others say when to stop, fit the shares and the temperature, and are scored: a handful of
numbers that is fitted on hundreds of rows leaves them nearly as good as unseen. What is published has then learnt all
rows, for as many epochs as were best; its scores are those of the first run, which knew a quarter less. Refuses to know
the job's files and the manifest.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

import numpy as np
import torch

from shadowbert.bert.training import ladder, lexical, neighbours, scores
from shadowbert.bert.training.candidate import Candidate, numbers, scored_rows
from shadowbert.bert.training.corpus import Corpus, embed, make_graphs
from shadowbert.bert.training.course import Course, Exam
from shadowbert.bert.training.encoder import Encoder
from shadowbert.bert.training.finetune import Lesson
from shadowbert.bert.training.frozen import TRIAL_REGULARISATION, Frozen, joined, rows_of, told
from shadowbert.bert.training.heads import Floats32, head_logits
from shadowbert.bert.training.job import Recipe
from shadowbert.bert.training.probe import Rows, fit_head
from shadowbert.bert.training.product import Opinion, Shares, fit_shares, multiply
from shadowbert.bert.training.scores import Mask
from shadowbert.bert.training.tutor import Tutor
from shadowbert.bert.training.variants import choose_variant


@dataclass(frozen=True, slots=True)
class Bench:
    """What a tuned recipe works with."""

    corpus: Corpus
    frozen: Frozen
    fresh: Callable[[], Encoder]
    """The encoder as it came, anew each time."""
    tutor: Tutor
    seed: int


@dataclass(frozen=True, slots=True)
class First:
    """What the first run found out, for the second."""

    recipe: Recipe
    share: float
    """Of the course that was best to go: it has fewer epochs where there are more rows."""
    shares: Sequence[Shares]


def finetune(recipe: Recipe, bench: Bench) -> Candidate:
    corpus, encoder = bench.corpus, bench.fresh()
    train, judged = corpus.splits == "train", corpus.splits != "train"
    settings = ladder.settings(recipe, int(train.sum()), seed=bench.seed)
    course = Course(bench.frozen.trial, _lesson(corpus, train), settings, _exam(corpus))
    tuned = bench.tutor.teach(encoder, course)
    graphs = make_graphs(encoder, bench.tutor.folder / recipe, device=corpus.device)
    features = embed(graphs.int8, corpus, corpus.texts)
    variant, keeps = choose_variant(graphs, corpus, tuned.heads, features[corpus.splits == "heldout"])
    if variant != "int8":
        features = embed(graphs.path(variant), corpus, corpus.texts)
    dense = head_logits(tuned.heads, features[judged], corpus.sizes)
    others, labels, weights = _others(corpus, features), corpus.labels[judged], corpus.weights[judged]
    shares = fit_shares(dense, others, labels, weights)
    logits = multiply(dense, others, shares)
    temperatures = scores.fit_temperatures(logits, labels, weights)
    guessed = scores.guesses(logits, temperatures)
    first = Candidate(
        recipe=recipe,
        encoder=encoder,
        graphs=graphs,
        variant=variant,
        experts=joined(corpus, tuned.heads, _learnt(corpus, features, train), shares),
        temperatures=temperatures,
        rows=scored_rows(corpus, judged, guessed, out_of_fold=False),
        scores=numbers(corpus, judged, guessed) | keeps | told(corpus, shares) | scores.alone(dense, labels, weights),
        settings=asdict(settings)
        | {"start_regularisation": TRIAL_REGULARISATION, "epochs_kept": tuned.epoch}
        | asdict(bench.tutor.place),
    )
    return replace(first, again=partial(_again, bench, First(recipe, tuned.epoch / settings.epochs, shares), first))


def _again(bench: Bench, found: First, first: Candidate) -> Candidate:
    corpus, encoder = bench.corpus, bench.fresh()
    every = np.ones(len(corpus.ids), dtype=bool)
    rows = rows_of(corpus, bench.frozen.features)
    start = [fit_head(rows, field, TRIAL_REGULARISATION) for field in range(len(corpus.sizes))]
    settings = ladder.settings(found.recipe, len(every), seed=bench.seed)
    epochs = max(1, round(found.share * settings.epochs))
    heads = bench.tutor.teach(encoder, Course(start, _lesson(corpus, every), settings, epochs)).heads
    graphs = make_graphs(encoder, bench.tutor.folder / f"{found.recipe}-again", device=corpus.device)
    features = embed(graphs.path(first.variant), corpus, corpus.texts)
    experts = joined(corpus, heads, _learnt(corpus, features, every), found.shares)
    return replace(first, encoder=encoder, graphs=graphs, experts=experts, again=None)


def _others(corpus: Corpus, features: Floats32) -> list[Opinion]:
    """What words and neighbours of the train rows say of the others."""
    judged, (counted, embedded) = corpus.splits != "train", _learnt(corpus, features, corpus.splits == "train")
    words, near = lexical.fit_expert(counted, corpus.sizes), neighbours.settle(embedded, corpus.sizes)
    return [words.logits(corpus.counts[judged], corpus.sizes), near.logits(features[judged], corpus.sizes)]


def _learnt(corpus: Corpus, features: Floats32, rows: Mask) -> tuple[Rows, Rows]:
    """What the words' expert and what the neighbours' expert learn from."""
    return rows_of(corpus, corpus.counts).where(rows), rows_of(corpus, features).where(rows)


def _exam(corpus: Corpus) -> Exam:
    """The held-out rows."""
    rows = np.flatnonzero(corpus.splits == "heldout")
    return Exam([corpus.tokens[row] for row in rows], corpus.labels[rows], corpus.weights[rows], corpus.sizes)


def _lesson(corpus: Corpus, rows: Mask) -> Lesson:
    weights = torch.from_numpy(corpus.weights[rows] / corpus.weights[rows].mean()).float()
    return Lesson([corpus.tokens[row] for row in np.flatnonzero(rows)], corpus.labels[rows], weights)
