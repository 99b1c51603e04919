"""The first recipe: the encoder as it came, and on top of it three experts that are one (`product`).

Linear heads on its embedding, the words, the nearest known inputs. No row is spent on one purpose only: each expert's
opinion on a row is one that was formed without it (`probe`). Refuses to know the job's files and the manifest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shadowbert.bert.training import lexical, neighbours, scores
from shadowbert.bert.training.candidate import Candidate, numbers, scored_rows
from shadowbert.bert.training.corpus import Corpus, Graphs, Variant, embed, make_graphs
from shadowbert.bert.training.encoder import Encoder
from shadowbert.bert.training.experts import Experts
from shadowbert.bert.training.heads import Features, Floats32, Head
from shadowbert.bert.training.probe import FOLDS, Rows, deal, fit_head, fit_probe
from shadowbert.bert.training.product import Shares, fit_shares, multiply
from shadowbert.bert.training.variants import choose_variant

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
    graphs = make_graphs(encoder, folder, device=corpus.device)
    features = embed(graphs.int8, corpus, corpus.texts)
    train = Rows(features, corpus.labels, corpus.weights).where(corpus.splits == "train")
    trial = tuple(fit_head(train, field, TRIAL_REGULARISATION) for field in range(len(corpus.sizes)))
    heldout = corpus.splits == "heldout"
    variant, keeps = choose_variant(graphs, corpus, trial, features[heldout])
    if variant != "int8":
        features = embed(graphs.path(variant), corpus, corpus.texts)
    return Frozen(graphs, variant, features, trial, keeps)


def probe(encoder: Encoder, corpus: Corpus, frozen: Frozen, *, seed: int) -> Candidate:
    """Logistic regression on the frozen features and on n-grams, and the neighbours; scored and calibrated out of fold,
    on every row.
    """
    sizes, folds = corpus.sizes, deal(corpus.labels, seed=seed, groups=corpus.groups)
    embedded, counted = rows_of(corpus, frozen.features), rows_of(corpus, corpus.counts)
    fitted = fit_probe(embedded, sizes, folds, corpus.orders)
    others = [lexical.out_of_fold(counted, folds, sizes), neighbours.out_of_fold(embedded, folds, sizes)]
    shares = fit_shares(fitted.logits, others, corpus.labels, corpus.weights)
    logits = multiply(fitted.logits, others, shares)
    temperatures = scores.fit_temperatures(logits, corpus.labels, corpus.weights)
    guessed = scores.guesses(logits, temperatures)
    every = np.ones(len(corpus.ids), dtype=bool)
    found = numbers(corpus, every, guessed) | scores.alone(fitted.logits, corpus.labels, corpus.weights)
    return Candidate(
        recipe="probe",
        encoder=encoder,
        graphs=frozen.graphs,
        variant=frozen.variant,
        experts=joined(corpus, fitted.heads, (counted, embedded), shares),
        temperatures=temperatures,
        rows=scored_rows(corpus, every, guessed),
        scores=found | frozen.keeps | told(corpus, shares),
        settings={
            "seed": seed,
            "folds": FOLDS,
            "heads": dict(zip(corpus.fields, fitted.forms, strict=True)),
            "regularisation": dict(zip(corpus.fields, fitted.regularisation, strict=True)),
        },
    )


def joined(corpus: Corpus, heads: tuple[Head, ...], rows: tuple[Rows, Rows], shares: Sequence[Shares]) -> Experts:
    """`rows`: what the words' expert and what the neighbours' expert learn from."""
    experts, (counted, embedded), (wordy, near) = Experts(heads, corpus.sizes), rows, shares
    if any(wordy):
        experts = experts.with_words(lexical.fit_expert(counted, corpus.sizes), wordy, corpus.codes)
    if any(near):
        experts = experts.with_neighbours(neighbours.settle(embedded, corpus.sizes), near)
    return experts


def rows_of(corpus: Corpus, features: Features) -> Rows:
    return Rows(features, corpus.labels, corpus.weights)


def told(corpus: Corpus, shares: Sequence[Shares]) -> dict[str, float]:
    names = ("words", "neighbours")
    return {
        f"share.{expert}.{field}": share
        for expert, own in zip(names, shares, strict=True)
        for field, share in zip(corpus.fields, own, strict=True)
    }
