"""The demonstration's corpus is what it claims to be: many messages, varied, none a copy of another."""

import json
import re
from collections import Counter, defaultdict
from functools import cache
from itertools import combinations
from statistics import quantiles

from tests.architecture.source import PACKAGE

FIELDS = {"intent", "urgency", "needs_human"}
Words = tuple[str, ...]


@cache
def rows() -> tuple[dict[str, object], ...]:
    lines = (PACKAGE / "demo/corpus/tickets.jsonl").read_text("utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


def words(text: object) -> Words:
    return tuple(re.findall(r"[a-z0-9']+", str(text).lower()))


def runs(text: Words, length: int) -> set[Words]:
    return {text[at : at + length] for at in range(len(text) - length + 1)}


def near_duplicates(texts: list[Words], at_least: float = 0.5) -> set[int]:
    """Texts whose word trigrams have a Jaccard similarity of at least this with an earlier one's."""
    trigrams = [runs(text, 3) or {text} for text in texts]
    holders: defaultdict[Words, list[int]] = defaultdict(list)
    for number, grams in enumerate(trigrams):
        for gram in grams:
            holders[gram].append(number)
    pairs = {pair for held in holders.values() for pair in combinations(held, 2)}
    return {b for a, b in pairs if len(trigrams[a] & trigrams[b]) >= at_least * len(trigrams[a] | trigrams[b])}


def test_it_is_large_and_has_three_fields() -> None:
    assert len(rows()) >= 1500
    assert all(row.keys() >= FIELDS | {"text"} for row in rows())
    assert {type(row["needs_human"]) for row in rows()} == {bool}
    assert len({row["urgency"] for row in rows()}) == 3


def test_every_intent_is_frequent() -> None:
    counts = Counter(row["intent"] for row in rows())
    assert len(counts) >= 10
    assert min(counts.values()) >= 40


def test_no_label_of_a_field_gives_another_away() -> None:
    for field in ("urgency", "needs_human"):
        seen = defaultdict(set)
        for row in rows():
            seen[row["intent"]].add(row[field])
        assert min(len(labels) for labels in seen.values()) >= 2, field


def test_no_phrase_is_repeated() -> None:
    counts = Counter(run for row in rows() for run in runs(words(row["text"]), 6))
    assert [(" ".join(run), count) for run, count in counts.items() if count > 3] == []


def test_hardly_any_message_is_a_near_duplicate() -> None:
    texts = [words(row["text"]) for row in rows()]
    assert len(set(texts)) == len(texts)
    assert len(near_duplicates(texts)) <= 0.02 * len(texts)


def test_lengths_vary() -> None:
    lengths = [len(words(row["text"])) for row in rows()]
    tenths = quantiles(lengths, n=10)
    assert tenths[-1] >= 2 * tenths[0]
    assert min(lengths) <= 5
    assert max(lengths) >= 60


def test_a_near_duplicate_is_found() -> None:
    texts = ["where is my blue sofa today please", "where is my blue sofa today", "cancel the lamp I ordered"]
    assert near_duplicates([words(text) for text in texts]) == {1}
