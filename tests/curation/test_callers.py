"""How much one caller may teach."""

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.curation.callers import Cap, cap, capped, fitting, level, windowed
from shadowbert.domain.records import ExampleRow

counts = st.lists(st.integers(1, 300), min_size=1, max_size=8)
percents = st.integers(1, 100)


def example(caller: str | None, seq: int) -> ExampleRow:
    return ExampleRow(
        f"i1:{seq}", f"text {seq}", (seq % 2,), seq, f"e{seq}", repeats=1, agreeing_repeats=1, caller=caller
    )


examples = st.lists(st.sampled_from(["a", "b", "c", "", None]), max_size=60).map(
    lambda callers: [example(caller, seq) for seq, caller in enumerate(callers)]
)


def taught(brought: list[int], most: int) -> list[int]:
    return [min(n, most) for n in brought]


def fair(brought: list[int], most: int, percent: int) -> bool:
    """In exact arithmetic."""
    each = taught(brought, most)
    return max(each) <= max(Fraction(percent, 100), Fraction(1, len(brought))) * sum(each)


@given(counts, percents)
def test_nobody_teaches_more_than_the_share_and_one_more_would_be_too_many(brought: list[int], percent: int) -> None:
    most = level(brought, percent / 100)
    assert 1 <= most <= max(brought)
    assert fair(brought, most, percent)
    assert most == max(brought) or not fair(brought, most + 1, percent)


@given(counts, percents)
def test_whatever_is_below_a_fair_level_is_fair(brought: list[int], percent: int) -> None:
    """What the search rests on."""
    found = [fair(brought, most, percent) for most in range(1, max(brought) + 1)]
    assert found == sorted(found, reverse=True)


@given(counts, percents, st.integers(1, 10_000))
def test_asking_more_teaches_nobody_more_than_the_others_allow(brought: list[int], percent: int, more: int) -> None:
    """A flood beyond the level changes nothing."""
    most = level(brought, percent / 100)
    if most < max(brought):
        flooded = [n + more if n > most else n for n in brought]
        assert level(flooded, percent / 100) == most


@given(counts)
def test_a_whole_share_and_a_single_caller_are_no_cap(brought: list[int]) -> None:
    assert level(brought, 1.0) == max(brought)
    assert level(brought[:1], 0.01) == brought[0]


def test_the_biggest_of_a_half_teaches_as_much_as_all_others() -> None:
    assert cap({"a": 900, "b": 60, "c": 40}, 0.5) == Cap(0.5, callers=3, level=100, left_out=800)
    assert cap({"a": 900, "b": 60}, 0.3) == Cap(0.3, callers=2, level=60, left_out=840)
    assert cap({}, 0.3) == Cap(0.3, callers=0, level=0, left_out=0)


@pytest.mark.parametrize(("callers", "share", "equal"), [(2, 0.3, True), (2, 0.5, False), (4, 0.25, False)])
def test_too_few_callers_for_a_share_teach_equal_parts(callers: int, share: float, equal: bool) -> None:
    found = cap({str(n): 10 + n for n in range(callers)}, share)
    assert found.equal is equal
    assert found.level == 10


@given(examples, percents)
def test_the_newest_of_each_stay_in_order_with_all_that_people_said(known: list[ExampleRow], percent: int) -> None:
    kept = capped(known, percent / 100)
    assert kept == [one for one in known if one in kept]
    assert [one for one in kept if one.caller is None] == [one for one in known if one.caller is None]
    for caller in ("a", "b", "c", ""):
        mine = [one for one in known if one.caller == caller]
        stays = [one for one in kept if one.caller == caller]
        assert stays == mine[len(mine) - len(stays) :]
    brought = Counter(one.caller for one in known if one.caller is not None)
    assert len(known) - len(kept) == cap(brought, percent / 100).left_out


@given(examples, st.integers(1, 70))
def test_a_window_is_not_filled_by_whoever_asked_last(known: list[ExampleRow], places: int) -> None:
    kept = windowed(known, places)
    assert len(kept) <= places
    if len(known) <= places:
        assert kept == known


def test_a_flood_of_late_calls_does_not_push_the_others_out_of_the_window() -> None:
    early, flood = [example("a", n) for n in range(10)], [example("b", 10 + n) for n in range(90)]
    assert Counter(one.caller for one in windowed([*early, *flood], 20)) == {"a": 10, "b": 10}
    assert windowed(flood, 20) == flood[-20:]


def test_more_callers_than_places_leave_the_latest() -> None:
    known = [example(str(n % 30), n) for n in range(60)]
    assert windowed(known, 20) == known[-20:]
    assert fitting([2] * 30, 20) == 0


@given(counts, percents, st.integers(1, 2000))
def test_a_window_makes_no_fair_share_unfair(brought: list[int], percent: int, places: int) -> None:
    most = level(brought, percent / 100)
    smaller = fitting(taught(brought, most), places)
    assert smaller == 0 or fair(taught(brought, most), smaller, percent)
