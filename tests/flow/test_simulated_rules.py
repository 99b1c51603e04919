"""The rules of evidence that the gate's simulations keep are those of the stations."""

from collections import Counter

import numpy as np
import pytest

from shadowbert.domain.records import CandidateRow
from shadowbert.domain.student import Slice
from shadowbert.store.store import Store
from tests.flow.stationed import Bench, a_guess
from tests.gating.traffic import TAUGHT, Calls, Traffic, answered, bursts, hot

LABELS, ROWS = 3, 300


def small(rng: np.random.Generator, rows: int) -> Calls:
    """Texts that come again at random, three labels."""
    text = rng.integers(0, 250, rows)
    each = answered(rng, rng.integers(0, LABELS, 250), 0.8, labels=LABELS)
    return Calls(each.said[text], each.told[text], text)


def asked(bench: Bench, calls: Calls) -> CandidateRow:
    """The first of them teach a student, the others are put to it."""
    bench.shelf.says = {f"text {t}": a_guess(int(s)) for s, t in zip(calls.said, calls.text, strict=True)}
    rows = [bench.call(f"text {text}", answer=(int(told),)) for told, text in zip(calls.told, calls.text, strict=True)]
    bench.add(rows[:TAUGHT])
    candidate = bench.newcomer()
    bench.add(rows[TAUGHT:])
    bench.run()
    return candidate


@pytest.mark.parametrize(
    "traffic", [small, hot(0.9, on_hot=0.8), bursts(0.9, length=5)], ids=["again", "hot", "bursts"]
)
def test_the_same_rows_count(traffic: Traffic, sqlite_store: Store) -> None:
    many = traffic(np.random.default_rng(5), TAUGHT + ROWS)
    calls = Calls(many.said % LABELS, many.told % LABELS, many.text)
    bench = Bench(sqlite_store, slice=Slice(0.8))
    candidate, rows = asked(bench, calls), calls.evidence()
    pairs = Counter(((s,), (t,)) for s, t in zip(rows.said.tolist(), rows.told.tolist(), strict=True))
    with sqlite_store.read() as work:
        counts, confusion = work.predictions.promotion_counts(candidate.id), work.predictions.confusion(candidate.id)
        known = work.predictions.known_disagreements(candidate.student_id)
    assert 0 < counts.rows == len(rows.text) < ROWS
    assert counts.agree == rows.agreed.sum()
    assert {(said, told): n for said, told, n in confusion} == pairs
    later = calls.after(TAUGHT)
    assert known == {f"i1:text {text}" for text in later.text[~later.agreed].tolist()}
