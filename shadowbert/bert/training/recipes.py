"""The recipes: how a student comes to be, from cheap to dear, each ending in a candidate.

Refuses to know the job's files and the manifest. In each recipe three experts are made one: linear heads on the
encoder's embedding, the words, the nearest known inputs (`product`). Their shares and the temperature are fitted on
rows that none of them has seen.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from shadowbert.bert.training import lexical, neighbours, scores
from shadowbert.bert.training.candidate import Candidate, choose_variant, head_logits, numbers, scored_rows
from shadowbert.bert.training.corpus import Corpus, Graphs, Variant, embed, make_graphs
from shadowbert.bert.training.encoder import Encoder
from shadowbert.bert.training.experts import Experts
from shadowbert.bert.training.finetune import Lesson, Settings, fine_tune
from shadowbert.bert.training.heads import Features, Floats32, Head
from shadowbert.bert.training.probe import FOLDS, Rows, deal, fit_head, fit_probe
from shadowbert.bert.training.product import Opinion, Shares, fit_shares, multiply
from shadowbert.bert.training.scores import Mask

TRIAL_REGULARISATION = 10.0


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


def probe(encoder: Encoder, corpus: Corpus, frozen: Frozen, *, seed: int) -> Candidate:
    """Logistic regression on the frozen features and on n-grams, and the neighbours; scored and calibrated out of fold,
    on every row.
    """
    sizes, folds = corpus.sizes, deal(corpus.labels, seed=seed, groups=corpus.groups)
    embedded, counted = _rows(corpus, frozen.features), _rows(corpus, corpus.counts)
    fitted = fit_probe(embedded, sizes, folds)
    others = [lexical.out_of_fold(counted, folds, sizes), neighbours.out_of_fold(embedded, folds, sizes)]
    shares = fit_shares(fitted.logits, others, corpus.labels, corpus.weights)
    logits = multiply(fitted.logits, others, shares)
    temperatures = scores.fit_temperatures(logits, corpus.labels, corpus.weights)
    guessed = scores.guesses(logits, temperatures)
    judged = corpus.splits != "train"
    told = numbers(corpus, judged, [g for g, own in zip(guessed, judged, strict=True) if own])
    return Candidate(
        recipe="probe",
        encoder=encoder,
        graphs=frozen.graphs,
        variant=frozen.variant,
        experts=_experts(corpus, fitted.heads, (counted, embedded), shares),
        temperatures=temperatures,
        rows=scored_rows(corpus, np.ones_like(judged), guessed, out_of_fold=True),
        scores=told | frozen.keeps | _told(corpus, shares),
        settings={
            "seed": seed,
            "folds": FOLDS,
            "regularisation": dict(zip(corpus.fields, fitted.regularisation, strict=True)),
        },
    )


def finetune(encoder: Encoder, corpus: Corpus, heads: Sequence[Head], *, folder: Path, settings: Settings) -> Candidate:
    """Encoder and heads trained on the train rows, from `heads` on; words and neighbours from the same rows. The others
    fit the shares and the temperature, and are scored (three numbers a field fitted on hundreds of rows leave them as
    good as unseen).
    """
    train, judged = corpus.splits == "train", corpus.splits != "train"
    trained = fine_tune(encoder, heads, _lesson(corpus, train), settings=settings)
    graphs = make_graphs(encoder, folder)
    features = embed(graphs.int8, corpus, corpus.texts)
    variant, keeps = choose_variant(graphs, corpus, trained, features[corpus.splits == "heldout"])
    if variant == "fp32":
        features = embed(graphs.fp32, corpus, corpus.texts)
    counted, embedded = (_rows(corpus, own).where(train) for own in (corpus.counts, features))
    dense = head_logits(trained, features[judged], corpus.sizes)
    others: list[Opinion] = [
        lexical.fit_expert(counted, corpus.sizes).logits(corpus.counts[judged], corpus.sizes),
        neighbours.settle(embedded, corpus.sizes).logits(features[judged], corpus.sizes),
    ]
    labels, weights = corpus.labels[judged], corpus.weights[judged]
    shares = fit_shares(dense, others, labels, weights)
    logits = multiply(dense, others, shares)
    temperatures = scores.fit_temperatures(logits, labels, weights)
    guessed = scores.guesses(logits, temperatures)
    return Candidate(
        recipe="finetune",
        encoder=encoder,
        graphs=graphs,
        variant=variant,
        experts=_experts(corpus, trained, (counted, embedded), shares),
        temperatures=temperatures,
        rows=scored_rows(corpus, judged, guessed, out_of_fold=False),
        scores=numbers(corpus, judged, guessed) | keeps | _told(corpus, shares),
        settings=asdict(settings) | {"start_regularisation": TRIAL_REGULARISATION},
    )


def _experts(corpus: Corpus, heads: tuple[Head, ...], rows: tuple[Rows, Rows], shares: Sequence[Shares]) -> Experts:
    """`rows`: what the words' expert and what the neighbours' expert learn from."""
    experts, (counted, embedded), (wordy, near) = Experts(heads, corpus.sizes), rows, shares
    if any(wordy):
        experts = experts.with_words(lexical.fit_expert(counted, corpus.sizes), wordy, corpus.codes)
    if any(near):
        experts = experts.with_neighbours(neighbours.settle(embedded, corpus.sizes), near)
    return experts


def _rows(corpus: Corpus, features: Features) -> Rows:
    return Rows(features, corpus.labels, corpus.weights)


def _told(corpus: Corpus, shares: Sequence[Shares]) -> dict[str, float]:
    names = ("words", "neighbours")
    return {
        f"share.{expert}.{field}": share
        for expert, own in zip(names, shares, strict=True)
        for field, share in zip(corpus.fields, own, strict=True)
    }


def _lesson(corpus: Corpus, rows: Mask) -> Lesson:
    weights = torch.from_numpy(corpus.weights[rows] / corpus.weights[rows].mean()).float()
    return Lesson([corpus.tokens[row] for row in np.flatnonzero(rows)], corpus.labels[rows], weights)
