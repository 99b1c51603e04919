"""The further recipes: encoder and heads trained together, from the frozen encoder's on, with words and neighbours.

In the first run the train rows teach, and the others say when to stop and how good the recipe is. A recipe that may
win (`choice`) is then cross-fitted: the train rows are dealt into parts, and for each of them a run that knows all
other rows, for as many epochs as were best, says what it thinks of that part. So every row is guessed by an encoder
that has not learnt it: recipes are compared and a threshold is chosen on four times the rows. What is published has
learnt all rows; its scores are those of runs that knew up to a quarter less. Refuses to know the job's files and the
manifest.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

import numpy as np
import torch

from shadowbert.bert.training import ladder
from shadowbert.bert.training.candidate import Candidate, scored_rows
from shadowbert.bert.training.corpus import Corpus, Graphs, Variant, embed, make_graphs
from shadowbert.bert.training.course import Course, Exam
from shadowbert.bert.training.encoder import Encoder
from shadowbert.bert.training.finetune import Lesson
from shadowbert.bert.training.frozen import TRIAL_REGULARISATION, Frozen, joined, rows_of
from shadowbert.bert.training.heads import Floats32, Head
from shadowbert.bert.training.job import Recipe
from shadowbert.bert.training.probe import deal, fit_head
from shadowbert.bert.training.product import Shares
from shadowbert.bert.training.scores import Mask
from shadowbert.bert.training.tutor import Tutor
from shadowbert.bert.training.unseen import Unseen, hear, learnt, score, settle, together
from shadowbert.bert.training.variants import choose_variant

LEAST_PARTS, MOST_PARTS, LEARNT_AGAIN = 3, 7, 5_600
"""At the least each part is as large as what the first run did not learn. Where all further runs together learn few
examples there are more: a run on 600 of 800 is worth two points less than one on 700, and the frozen encoder's heads,
which are worth as much on either, would be taken for better than they are.
"""
ENOUGH = 1_500
"""So many rows that the first run did not learn settle a threshold; further runs would only cost."""


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
    """What the first run found out, for the others."""

    recipe: Recipe
    share: float
    """Of the course that was best to go: it has fewer epochs where there are more rows."""
    variant: Variant
    unseen: Unseen


@dataclass(frozen=True, slots=True)
class Taught:
    """What a run ends in, and the whole corpus as its encoder reads it."""

    encoder: Encoder
    heads: tuple[Head, ...]
    graphs: Graphs
    features: Floats32


def finetune(recipe: Recipe, bench: Bench) -> Candidate:
    corpus, encoder = bench.corpus, bench.fresh()
    train = corpus.splits == "train"
    settings = ladder.settings(recipe, int(train.sum()), seed=bench.seed)
    course = Course(bench.frozen.trial, _lesson(corpus, train), settings, _exam(corpus))
    tuned = bench.tutor.teach(encoder, course)
    graphs = make_graphs(encoder, bench.tutor.folder / recipe, device=corpus.device)
    features = embed(graphs.int8, corpus, corpus.texts)
    variant, keeps = choose_variant(graphs, corpus, tuned.heads, features[corpus.splits == "heldout"])
    if variant != "int8":
        features = embed(graphs.path(variant), corpus, corpus.texts)
    unseen = hear(corpus, features, tuned.heads, asked=~train)
    settled = settle(corpus, unseen)
    first = Candidate(
        recipe=recipe,
        encoder=encoder,
        graphs=graphs,
        variant=variant,
        experts=joined(corpus, tuned.heads, learnt(corpus, features, train), settled.shares),
        temperatures=settled.temperatures,
        rows=scored_rows(corpus, ~train, settled.guessed),
        scores=score(corpus, unseen, settled) | keeps,
        settings=asdict(settings)
        | {"start_regularisation": TRIAL_REGULARISATION, "epochs_kept": tuned.epoch}
        | asdict(bench.tutor.place),
    )
    found = First(recipe, tuned.epoch / settings.epochs, variant, unseen)
    return replace(first, further=partial(_cross_fitted, bench, found, first))


def _cross_fitted(bench: Bench, found: First, first: Candidate) -> Candidate:
    """With guesses on every row, where that is worth it."""
    corpus = bench.corpus
    parts = list(_parts(bench)) if found.unseen.rows.sum() < ENOUGH else []
    further = [_guessed(bench, found, part, f"part {n} of {len(parts)}") for n, part in enumerate(parts, start=1)]
    unseen = together([found.unseen, *further])
    settled = settle(corpus, unseen)
    fitted = replace(
        first,
        temperatures=settled.temperatures,
        rows=scored_rows(corpus, unseen.rows, settled.guessed),
        scores=first.scores | score(corpus, unseen, settled),
        settings={**first.settings, "folds": len(further) + 1},
        further=None,
    )
    return replace(fitted, again=partial(_again, bench, found, (fitted, settled.shares)))


def _again(bench: Bench, found: First, judged: tuple[Candidate, Sequence[Shares]]) -> Candidate:
    """Taught by all rows, with the shares that the judged one was found to want."""
    fitted, shares = judged
    every = np.ones(len(bench.corpus.ids), dtype=bool)
    whole = _taught(bench, found, every, "all examples")
    experts = joined(bench.corpus, whole.heads, learnt(bench.corpus, whole.features, every), shares)
    return replace(fitted, encoder=whole.encoder, graphs=whole.graphs, experts=experts, again=None)


def _parts(bench: Bench) -> Iterator[Mask]:
    """The train rows, dealt; near-duplicates together."""
    corpus = bench.corpus
    train = np.flatnonzero(corpus.splits == "train")
    parts = parts_of(len(corpus.ids))
    part_of = deal(corpus.labels[train], seed=bench.seed, folds=parts, groups=corpus.groups[train])
    for part in range(parts):
        mask = np.zeros(len(corpus.ids), dtype=bool)
        mask[train[part_of == part]] = True
        if mask.any():
            yield mask


def parts_of(examples: int) -> int:
    """Into how many parts train rows are dealt.

    >>> [parts_of(examples) for examples in (400, 800, 1_000, 1_400, 5_000)]
    [7, 7, 5, 4, 3]
    """
    return min(MOST_PARTS, max(LEAST_PARTS, LEARNT_AGAIN // examples))


def _guessed(bench: Bench, found: First, part: Mask, name: str) -> Unseen:
    run = _taught(bench, found, ~part, f"all but {name}")
    return hear(bench.corpus, run.features, run.heads, asked=part)


def _taught(bench: Bench, found: First, rows: Mask, name: str) -> Taught:
    """By these rows, as long as was best."""
    corpus, encoder = bench.corpus, bench.fresh()
    frozen = rows_of(corpus, bench.frozen.features).where(rows)
    start = [fit_head(frozen, field, TRIAL_REGULARISATION) for field in range(len(corpus.sizes))]
    settings = ladder.settings(found.recipe, int(rows.sum()), seed=bench.seed)
    epochs = max(1, round(found.share * settings.epochs))
    heads = bench.tutor.teach(encoder, Course(start, _lesson(corpus, rows), settings, epochs, name)).heads
    graphs = make_graphs(encoder, bench.tutor.folder / f"{found.recipe}, {name}", device=corpus.device)
    return Taught(encoder, heads, graphs, embed(graphs.path(found.variant), corpus, corpus.texts))


def _exam(corpus: Corpus) -> Exam:
    """The held-out rows."""
    rows = np.flatnonzero(corpus.splits == "heldout")
    return Exam([corpus.tokens[row] for row in rows], corpus.labels[rows], corpus.weights[rows], corpus.sizes)


def _lesson(corpus: Corpus, rows: Mask) -> Lesson:
    weights = torch.from_numpy(corpus.weights[rows] / corpus.weights[rows].mean()).float()
    return Lesson([corpus.tokens[row] for row in np.flatnonzero(rows)], corpus.labels[rows], weights)
