import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.curation.examples import LabelledRow, ceiling, distinct


def row(text: str, label: int, *, seq: int, weight: float = 1.0) -> LabelledRow:
    return LabelledRow(text, f"i1:{text.casefold()}", (label,), seq, f"e{seq}", weight)


def stream(*asked: tuple[str, int]) -> list[LabelledRow]:
    return [row(text, label, seq=seq) for seq, (text, label) in enumerate(asked)]


rows = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 2)), max_size=40).map(lambda r: stream(*r))


def test_duplicates_become_one_example_in_order_of_first_sight() -> None:
    examples = distinct(stream(("b", 1), ("a", 0), ("B", 1)))
    assert [(e.input_hash, e.answer, e.first_seq, e.repeats, e.agreeing_repeats) for e in examples] == [
        ("i1:b", (1,), 0, 2, 2),
        ("i1:a", (0,), 1, 1, 1),
    ]


def test_the_majority_wins_whatever_came_last() -> None:
    (example,) = distinct(stream(("a", 0), ("a", 0), ("a", 1)))
    assert (example.answer, example.repeats, example.agreeing_repeats) == ((0,), 3, 2)
    assert example.exchange_id == "e1"


def test_of_equal_votes_the_latest_wins() -> None:
    (example,) = distinct(stream(("a", 0), ("a", 1)))
    assert example.answer == (1,)
    (example,) = distinct(stream(("a", 1), ("a", 0), ("a", 0), ("a", 1), ("a", 2)))
    assert example.answer == (1,)


def test_an_answer_to_a_seldom_call_is_one_vote_as_any_other() -> None:
    (example,) = distinct([*stream(("a", 0), ("a", 0)), row("a", 1, seq=9, weight=20.0)])
    assert (example.answer, example.exchange_id) == ((0,), "e1")


@pytest.mark.parametrize(("weights", "known"), [((20.0,), 20.0), ((20.0, 20.0), 20.0), ((1.0, 20.0), 1.0)])
def test_an_input_weighs_what_its_surest_call_does(weights: tuple[float, ...], known: float) -> None:
    """One that came before the student served was sure to be known: later audits of it must not count for many."""
    (example,) = distinct(row("a", seq % 2, seq=seq, weight=weight) for seq, weight in enumerate(weights))
    assert example.weight == known


def test_repeats_are_no_training_weight() -> None:
    (example,) = distinct(stream(*[("a", 0)] * 50))
    assert example.weight == 1.0


@given(rows=rows, seed=st.integers(0, 9))
def test_examples_do_not_depend_on_the_order_of_arrival(rows: list[LabelledRow], seed: int) -> None:
    assert distinct(random.Random(seed).sample(rows, len(rows))) == distinct(rows)


@given(rows=rows)
def test_every_row_is_counted_in_exactly_one_example(rows: list[LabelledRow]) -> None:
    examples = distinct(rows)
    assert sum(example.repeats for example in examples) == len(rows)
    assert len({example.input_hash for example in examples}) == len(examples)
    assert all(1 <= example.agreeing_repeats <= example.repeats for example in examples)


def test_ceiling_is_unknown_while_nothing_repeats() -> None:
    found = ceiling([(1,), (1,)])
    assert (found.share, found.inputs, found.conflicts) == (None, 0, 0)


def test_a_popular_input_counts_once() -> None:
    found = ceiling([(98,), (1, 1)])
    assert (found.share, found.inputs, found.conflicts) == (0.5, 2, 1)


def test_ceiling_estimates_the_teachers_self_agreement_without_bias() -> None:
    """A teacher that says its usual label 90 % of the time agrees with itself on 0.9² + 0.1² = 82 % of pairs."""
    rng = random.Random(3)
    asked = [Counter(rng.random() < 0.1 for _ in range(rng.randint(2, 4))) for _ in range(3000)]
    share = ceiling(tuple(votes.values()) for votes in asked).share
    assert share == pytest.approx(0.82, abs=0.015)
