from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.evidence import Counts
from shadowbert.gating.chance import Confusion, ac1, agreement, beyond_majority, kappa, macro_f1, majority

labels = st.sampled_from("abcd")
pairs = st.lists(st.tuples(labels, labels), max_size=60)


def test_kappa_paradox_under_skew() -> None:
    """97 % agreement with 97 % of one label: kappa says chance, AC1 does not notice."""
    table = Counter({("other", "other"): 970, ("other", "fraud"): 15, ("fraud", "other"): 15})
    assert agreement(table).share == 0.97
    assert kappa(table) == pytest.approx(-0.015, abs=0.001)
    assert ac1(table) == pytest.approx(0.969, abs=0.001)


@pytest.mark.parametrize("measure", [kappa, ac1, macro_f1, majority])
def test_nothing_seen_is_no_number(measure: Callable[[Confusion], object]) -> None:
    assert measure({}) is None


def test_one_label_leaves_nothing_beyond_chance() -> None:
    assert kappa({("a", "a"): 40}) is None
    assert ac1({("a", "a"): 40}) is None
    assert beyond_majority({("a", "a"): 40}) == Counts()


@given(pairs=pairs)
def test_measures_stay_in_their_ranges(pairs: list[tuple[str, str]]) -> None:
    table = Counter(pairs)
    for value in (kappa(table), ac1(table)):
        assert value is None or -1 - 1e-9 <= value <= 1 + 1e-9
    f1 = macro_f1(table)
    assert f1 is None or 0 <= f1 <= 1


@given(pairs=pairs)
def test_measures_agree_with_a_library(pairs: list[tuple[str, str]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    table = Counter(pairs)
    ours = kappa(table)
    if ours is not None:
        students, teachers = zip(*pairs, strict=True)
        assert ours == pytest.approx(metrics.cohen_kappa_score(students, teachers), abs=1e-9)
        assert macro_f1(table) == pytest.approx(
            metrics.f1_score(teachers, students, average="macro", zero_division=0.0), abs=1e-9
        )


@given(pairs=pairs)
def test_rows_split_into_majority_and_the_rest(pairs: list[tuple[str, str]]) -> None:
    table = Counter(pairs)
    top = majority(table)
    if top is not None:
        assert beyond_majority(table).rows == len(pairs) - round(top[1] * len(pairs))


@given(label=labels, teachers=st.lists(labels, min_size=1))
def test_a_constant_student_has_no_lift(label: str, teachers: list[str]) -> None:
    table = Counter((label, teacher) for teacher in teachers)
    top = majority(table)
    assert top is not None
    assert beyond_majority(table).agree == 0 or label != top[0]
    assert (kappa(table) or 0.0) == pytest.approx(0.0, abs=1e-9)


def test_equal_labels_have_one_majority_in_any_order() -> None:
    forwards = {("a", "a"): 3, ("b", "b"): 3}
    assert majority(forwards) == majority(dict(reversed(forwards.items()))) == ("a", 0.5)
