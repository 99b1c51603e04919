"""The lexical expert: what the words alone say, beside what the encoder makes of them.

Refuses to know the encoder. Logistic regressions on hashed n-grams of tokens, each of the same folds guessed by a head
*and a lexicon* that have not seen it: a lexicon that knew the row would find all of its n-grams, as it will not in
later traffic. One regression a label, by dual coordinate descent (Yu et al. 2011): as good beside the other experts as
one for all labels together, and ten times as fast where there are many.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from shadowbert.bert.training.heads import Floats32, Head, constant, stack
from shadowbert.bert.training.ngrams import BUCKETS, Lexicon, buckets
from shadowbert.bert.training.probe import Ints, Rows

REGULARISATION = 10.0
TOLERANCE = 0.1
"""Liblinear's own measure; a tighter one changes no answer."""


@dataclass(frozen=True, slots=True)
class LexicalExpert:
    lexicon: Lexicon
    heads: tuple[Head, ...]

    def logits(self, counts: sparse.csr_matrix, sizes: Sequence[int]) -> list[Floats32]:
        """(rows, classes) a field."""
        features = self.lexicon.features(counts)
        return [head.logits(features, size) for head, size in zip(self.heads, sizes, strict=True)]


def fit_expert(rows: Rows, sizes: Sequence[int]) -> LexicalExpert:
    """The rows' features are the counts of their n-grams: (rows, buckets)."""
    lexicon = Lexicon.of(rows.features, outputs=sum(sizes))
    own = replace(rows, features=lexicon.features(rows.features))
    return LexicalExpert(lexicon, tuple(_fit_head(own, field) for field in range(len(sizes))))


def _fit_head(rows: Rows, field: int) -> Head:
    labels = rows.labels[:, field]
    seen = np.unique(labels)
    if len(seen) == 1:
        return constant(int(seen[0]), rows.features.shape[1])
    against = seen[1:] if len(seen) == 2 else seen  # of two labels one says all
    fitted = [_against_the_rest(rows, labels == label) for label in against]
    weight, bias = np.concatenate([own.coef_ for own in fitted]), np.concatenate([own.intercept_ for own in fitted])
    if len(seen) == 2:
        weight, bias = np.vstack([0 * weight, weight]), np.concatenate([0 * bias, bias])
    return Head(tuple(map(int, seen)), weight.astype(np.float32), bias.astype(np.float32))


def _against_the_rest(rows: Rows, own: npt.NDArray[np.bool_]) -> LogisticRegression:
    model = LogisticRegression(C=REGULARISATION, solver="liblinear", dual=True, tol=TOLERANCE, random_state=0)
    return model.fit(rows.features, own, sample_weight=rows.weights)


def out_of_fold(rows: Rows, folds: Ints, sizes: Sequence[int]) -> list[Floats32]:
    """(rows, classes) a field."""
    logits = [np.empty((len(folds), size), dtype=np.float32) for size in sizes]
    for fold in np.unique(folds):
        expert, own = fit_expert(rows.where(folds != fold), sizes), folds == fold
        for field, found in enumerate(expert.logits(rows.features[own], sizes)):
            logits[field][own] = found
    return logits


@dataclass(frozen=True, slots=True)
class NgramTable:
    """The expert as an ONNX graph reads it: a token's code, a bucket's row, a row's share of each output."""

    codes: Ints
    """(vocabulary,)"""
    index: npt.NDArray[np.int32]
    """(BUCKETS,); row 0 is for n-grams that do not count."""
    table: npt.NDArray[np.float16]
    """(1 + kept, outputs + 1): idf times weight times share for each output, and idf squared."""

    @classmethod
    def of(cls, expert: LexicalExpert, shares: Sequence[float], codes: Ints, sizes: Sequence[int]) -> "NgramTable":
        weight, _ = stack(expert.heads, sizes)
        scaled = weight * np.repeat(shares, sizes)[:, None]
        idf = expert.lexicon.idf[:, None]
        table = np.concatenate([idf * scaled.T, idf**2], axis=1)
        index = np.zeros(BUCKETS, dtype=np.int32)
        index[expert.lexicon.kept] = np.arange(1, len(idf) + 1)
        return cls(codes, index, np.pad(table, ((1, 0), (0, 0))).astype(np.float16, order="C"))

    def logits(self, tokens: Sequence[int]) -> Floats32:
        """(outputs,): what the graph adds for one text."""
        sums = self.table[self.index[buckets(tokens, self.codes)]].sum(axis=0, dtype=np.float32)
        found: Floats32 = sums[:-1] / np.sqrt(max(sums[-1], 1))
        return found

    def tensors(self) -> dict[str, npt.NDArray[np.generic]]:
        return {"codes": self.codes, "index": self.index, "table": self.table}


def join(heads: Sequence[Head], expert: LexicalExpert, shares: Sequence[float]) -> tuple[Head, ...]:
    """The dense heads with the lexical constants in their own, so that a graph adds only what the n-grams say."""
    both = zip(heads, expert.heads, shares, strict=True)
    return tuple(replace(head, bias=head.bias + np.float32(share) * words.bias) for head, words, share in both)
