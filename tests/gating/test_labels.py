"""Labels that leave, labels that stay, and how often that is wrong."""

import math
from collections import Counter
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.contract import Answer
from shadowbert.domain.evidence import Counts, Departure
from shadowbert.gating.labels import LATEST, LEAST_DISAGREEMENTS, Bar, LabelWatch, against, by_label, leaving, without
from tests.gating.simulate import log_e_paths
from tests.gating.twins import Ints

BAR = Bar(0.95, alpha=0.05, labels=3)

counts = st.builds(Counts, agree=st.integers(0, 200), disagree=st.integers(0, 60))
one_field = st.dictionaries(st.tuples(st.integers(0, 4)), counts, max_size=5)
two_fields = st.dictionaries(st.tuples(st.integers(0, 2), st.integers(0, 2)), counts, max_size=9)
bars = st.builds(Bar, st.sampled_from([0.8, 0.9, 0.95, 0.99]), alpha=st.just(0.05), labels=st.sampled_from([3, 77]))
streams = st.lists(st.tuples(st.tuples(st.integers(0, 2)), st.booleans()), max_size=120)


def pairs(gone: Sequence[Departure]) -> list[tuple[int, int]]:
    return [departure.pair for departure in gone]


def test_a_bad_label_leaves_and_the_others_stay() -> None:
    rows = {(0,): Counts(140, 1), (1,): Counts(20, 14), (2,): Counts(130, 2)}
    assert leaving(rows, BAR) == (Departure(0, 1, Counts(20, 14)),)
    assert without(rows, leaving(rows, BAR)) == Counts(270, 3)


def test_a_rare_label_stays_pooled_however_bad_its_few_rows_look() -> None:
    assert leaving({(0,): Counts(300, 2), (1,): Counts(0, 4)}, BAR) == ()


def test_who_looks_bad_for_anothers_sake_stays() -> None:
    rows = {(0, 0): Counts(60, 0), (0, 1): Counts(10, 40), (1, 0): Counts(80, 1), (1, 1): Counts(2, 9)}
    bar = Bar(0.95, alpha=0.05, labels=4)
    assert bar.bad(by_label(rows)[0, 0]), "half of its rows are the other field's bad label"
    assert pairs(leaving(rows, bar)) == [(1, 1)]


def test_a_label_is_certified_by_itself_from_thirty_rows_on() -> None:
    low = Bar(0.6, alpha=0.05, labels=1)
    assert (low.certifies(Counts(29)), low.certifies(Counts(30))) == (False, True)
    assert not BAR.certifies(Counts(900, 60))


@given(rows=one_field | two_fields, bar=bars)
def test_only_labels_shown_bad_by_all_of_their_rows_leave(rows: dict[Answer, Counts], bar: Bar) -> None:
    gone = leaving(rows, bar)
    assert len(set(pairs(gone))) == len(gone)
    for departure in gone:
        assert departure.counts == by_label(rows)[departure.pair]
        assert bar.bad(departure.counts)
        assert against(departure.counts, bar.floor) >= math.log(bar.labels / bar.alpha)


@given(rows=one_field, bar=bars, label=st.integers(0, 4), more=st.integers(1, 50))
def test_more_agreements_of_a_label_never_expel_it(rows: dict[Answer, Counts], bar: Bar, label: int, more: int) -> None:
    had = rows.get((label,), Counts())
    better = {**rows, (label,): Counts(had.agree + more, had.disagree)}
    before, after = pairs(leaving(rows, bar)), pairs(leaving(better, bar))
    assert set(after) <= set(before)
    assert set(before) - set(after) <= {(0, label)}


@given(rows=one_field, bar=bars)
def test_no_label_both_leaves_and_is_certified(rows: dict[Answer, Counts], bar: Bar) -> None:
    assert not any(bar.certifies(departure.counts) for departure in leaving(rows, bar))


@given(rows=two_fields, bar=bars, seed=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: dict[Answer, Counts], bar: Bar, seed: Random) -> None:
    shuffled = list(rows.items())
    seed.shuffle(shuffled)
    assert leaving(dict(shuffled), bar) == leaving(rows, bar)


@given(rows=streams)
def test_a_watch_expels_at_least_what_its_counts_show_bad(rows: list[tuple[Answer, bool]]) -> None:
    watch = LabelWatch(BAR)
    for answer, agreed in rows:
        watch.update(answer, agreed)
    said = Counter(rows)
    tallied = {answer: Counts(said[answer, True], said[answer, False]) for answer, _ in rows}
    shown = leaving(tallied, BAR)
    assert watch.leaving() == shown or (not shown and all(gone.fell for gone in watch.leaving()))


def test_a_label_that_was_good_for_long_and_fell_leaves_all_the_same() -> None:
    watch = LabelWatch(BAR)
    for _ in range(1_500):
        watch.update((0,), True)
        watch.update((1,), True)
    for n in range(60):
        assert watch.leaving() == ()
        watch.update((0,), True)
        watch.update((1,), n % 2 == 0)
        if watch.leaving():
            break
    (gone,) = watch.leaving()
    assert (gone.pair, gone.fell, gone.counts.rows) == ((0, 1), True, LATEST)
    assert n < 40
    assert not BAR.bad(Counts(1_500 + n // 2, n // 2)), "its whole life would not have shown it"


# How often a label is wronged, and how soon a bad one leaves. Three standard errors of slack.


def left_at(agreement: float, *, rows: int, runs: int = 1_000, labels: int = 3) -> Ints:
    """The row at which a label of each stream is shown bad; one more than the rows where it never is."""
    floor = Bar(0.95, alpha=0.05, labels=labels).floor
    disagree = np.random.default_rng(3).random((runs, rows), dtype=np.float32) < 1 - agreement
    evidence = log_e_paths(1 - floor, 1 - agreement, runs=runs, rows=rows, seed=3)  # of the same numbers
    shown = (evidence >= math.log(labels / 0.05)) & (disagree.cumsum(axis=1) >= LEAST_DISAGREEMENTS)
    return np.where(shown.any(axis=1), shown.argmax(axis=1) + 1, rows + 1)


def test_the_simulation_asks_what_the_rule_asks() -> None:
    disagree = np.random.default_rng(3).random((20, 120), dtype=np.float32) < 1 - 0.7
    for row, at in zip(disagree, left_at(0.7, rows=120, runs=20), strict=True):
        seen = [Counts(n - int(row[:n].sum()), int(row[:n].sum())) for n in range(1, 121)]
        assert next((n for n, had in enumerate(seen, start=1) if BAR.bad(had)), 121) == at


@pytest.mark.parametrize(("agreement", "most"), [(BAR.floor, 0.05 / 3), (0.95, 0.002)])
def test_a_label_at_the_floor_is_seldom_expelled(agreement: float, most: float) -> None:
    ever = left_at(agreement, rows=2_000) <= 2_000
    assert ever.mean() <= most + 3 * math.sqrt(most / 1_000)


def test_of_many_labels_at_the_floor_any_is_seldom_expelled() -> None:
    ever = left_at(BAR.floor, rows=200, runs=50 * 400, labels=50) <= 200
    assert 0 < ever.reshape(400, 50).any(axis=1).mean() <= 0.05


@pytest.mark.parametrize(("labels", "median", "most"), [(3, 23, 51), (77, 37, 70)])
def test_a_bad_label_leaves_soon(labels: int, median: float, most: float) -> None:
    rows = left_at(0.70, rows=300, labels=labels)
    assert np.median(rows) == pytest.approx(median, abs=3)
    assert np.quantile(rows, 0.9) == pytest.approx(most, abs=6)
