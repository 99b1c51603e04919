"""Token ids counted as hashed n-grams, and what each n-gram weighs: bags of words for a text that is tokens already.

Refuses to know labels, and torch. Hashing instead of a dictionary (Weinberger et al. 2009, "Feature Hashing for Large
Scale Multitask Learning"; Joulin et al. 2016, arXiv 1607.01759, for n-grams): a published student holds no list of what
its users wrote, and the same few integer operations run in an ONNX graph (`lexical_graph`).

A token has a random code modulo the prime 2**31 - 1; the n-gram a b c hashes to code(a) code(b)**2 code(c)**3. Special
tokens and padding have code 0, so every n-gram that they touch hashes to 0, which never counts. A product of two codes
stays below 2**62: plain int64 arithmetic.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from tokenizers import Tokenizer

from shadowbert.bert.training.heads import Floats32

Ints = npt.NDArray[np.int64]

PRIME = 2**31 - 1
BUCKETS = 2**18
"""With 30,000 n-grams kept, one in nine others falls into the bucket of one of them."""
LONGEST = 3
MAX_NGRAMS = 60_000
MAX_CELLS = 1_250_000
"""Of the table n-grams x outputs: 2.5 MB in half precision, and two seconds of fitting on 2,000 rows of 77 labels."""


def token_codes(tokenizer: Tokenizer) -> Ints:
    """One a token id, in [1, PRIME), 0 for special tokens."""
    codes = np.random.default_rng(0).integers(1, PRIME, 1 + max(tokenizer.get_vocab().values()))
    codes[special_tokens(tokenizer)] = 0
    return codes


def special_tokens(tokenizer: Tokenizer) -> list[int]:
    """Those that are named so and those that frame every text."""
    named = [token for token, added in tokenizer.get_added_tokens_decoder().items() if added.special]
    return [*named, *tokenizer.encode("").ids]


def buckets(tokens: Sequence[int], codes: Ints) -> Ints:
    """The bucket of each n-gram of one text, 0 where it does not count.

    >>> codes = np.array([0, 2, 3])
    >>> buckets([0, 1, 2, 0], codes).tolist()  # 2, 3, and 2 x 3**2
    [0, 2, 3, 0, 0, 18, 0, 0, 0]
    """
    first = codes[np.asarray(tokens, dtype=np.int64)]
    second = first * first % PRIME
    third = second * first % PRIME
    pairs = first[:-1] * second[1:] % PRIME
    triples = pairs[:-1] * third[2:] % PRIME
    found: Ints = np.concatenate([first, pairs, triples]) % BUCKETS
    return found


def count(texts: Iterable[Sequence[int]], codes: Ints) -> sparse.csr_matrix:
    """How often each bucket occurs: (texts, BUCKETS), bucket 0 left out."""
    found = [own[own > 0] for own in (buckets(tokens, codes) for tokens in texts)]
    ends = np.cumsum([0, *map(len, found)])
    ones = np.ones(ends[-1], dtype=np.float32)
    counts = sparse.csr_matrix((ones, np.concatenate(found), ends), shape=(len(found), BUCKETS))
    counts.sum_duplicates()
    return counts


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The n-grams that count, and their inverse document frequency (Spärck Jones 1972, smoothed, at least 1)."""

    kept: Ints
    """Buckets, rising."""
    idf: Floats32

    @classmethod
    def of(cls, counts: sparse.csr_matrix, *, outputs: int) -> "Lexicon":
        """The most frequent, as many as a table of so many outputs may have; counted in rows, not occurrences."""
        frequency = np.bincount(counts.indices, minlength=BUCKETS)
        most = min(MAX_NGRAMS, MAX_CELLS // (outputs + 1), np.count_nonzero(frequency))
        kept = np.sort(np.argsort(-frequency, kind="stable")[:most])
        idf = 1 + np.log((1 + counts.shape[0]) / (1 + frequency[kept]))
        return cls(kept, idf.astype(np.float32))

    def features(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        """(rows, kept): idf for each occurrence, over the root of the summed squares. A text without any has zeros."""
        own = counts[:, self.kept]
        lengths = np.sqrt(np.maximum(own @ self.idf**2, 1))
        return sparse.csr_matrix(sparse.diags_array(1 / lengths) @ own @ sparse.diags_array(self.idf), dtype=np.float32)
