"""What encoder, words and neighbours say of rows that they did not learn, and what follows from it.

A handful of numbers - shares and temperatures - that is fitted on hundreds of rows leaves them nearly as good as
unseen. Refuses to know how encoder and heads were trained.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shadowbert.bert.training import lexical, neighbours, scores
from shadowbert.bert.training.candidate import numbers
from shadowbert.bert.training.corpus import Corpus
from shadowbert.bert.training.frozen import rows_of, told
from shadowbert.bert.training.heads import Floats32, Head, head_logits
from shadowbert.bert.training.probe import Rows
from shadowbert.bert.training.product import Opinion, Shares, fit_shares, multiply
from shadowbert.bert.training.scores import Mask
from shadowbert.domain.student import Guess


@dataclass(frozen=True, slots=True)
class Unseen:
    """Opinions on some of the corpus's rows, in its order."""

    rows: Mask
    dense: Opinion
    """Of heads on the encoder."""
    others: Sequence[Opinion]
    """Of words, of neighbours."""


@dataclass(frozen=True, slots=True)
class Settled:
    shares: Sequence[Shares]
    temperatures: tuple[float, ...]
    guessed: list[Guess]
    """One an unseen row."""


def hear(corpus: Corpus, features: Floats32, heads: Sequence[Head], *, asked: Mask) -> Unseen:
    """What they say of the asked rows; encoder and heads have learnt all others, and so do words and neighbours."""
    counted, embedded = learnt(corpus, features, ~asked)
    words, near = lexical.fit_expert(counted, corpus.sizes), neighbours.settle(embedded, corpus.sizes)
    others = [words.logits(corpus.counts[asked], corpus.sizes), near.logits(features[asked], corpus.sizes)]
    return Unseen(asked, head_logits(heads, features[asked], corpus.sizes), others)


def learnt(corpus: Corpus, features: Floats32, rows: Mask) -> tuple[Rows, Rows]:
    """What the words' expert and what the neighbours' expert learn from."""
    return rows_of(corpus, corpus.counts).where(rows), rows_of(corpus, features).where(rows)


def together(parts: Sequence[Unseen]) -> Unseen:
    """Opinions on different rows as one; a single part is as it was."""
    order = np.argsort(np.concatenate([np.flatnonzero(part.rows) for part in parts]))
    others = [_join(opinions, order) for opinions in zip(*(part.others for part in parts), strict=True)]
    rows = np.logical_or.reduce([part.rows for part in parts])
    return Unseen(rows, _join([part.dense for part in parts], order), others)


def settle(corpus: Corpus, unseen: Unseen) -> Settled:
    """The shares of the experts and the temperatures of least log loss on these rows, and the guesses by them."""
    labels, weights = corpus.labels[unseen.rows], corpus.weights[unseen.rows]
    shares = fit_shares(unseen.dense, unseen.others, labels, weights)
    logits = multiply(unseen.dense, unseen.others, shares)
    temperatures = scores.fit_temperatures(logits, labels, weights)
    return Settled(shares, temperatures, scores.guesses(logits, temperatures))


def score(corpus: Corpus, unseen: Unseen, settled: Settled) -> dict[str, float]:
    """On all unseen rows."""
    labels, weights = corpus.labels[unseen.rows], corpus.weights[unseen.rows]
    alone = scores.alone(unseen.dense, labels, weights)
    return numbers(corpus, unseen.rows, settled.guessed) | told(corpus, settled.shares) | alone


def _join(opinions: Sequence[Opinion], order: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[Floats32]:
    return [np.concatenate(field)[order] for field in zip(*opinions, strict=True)]
