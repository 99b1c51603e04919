from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.curation.split import Part, groups, part_of
from shadowbert.domain.records import ExampleRow


def example(text: str, seq: int = 0) -> ExampleRow:
    return ExampleRow(f"i1:{text}", text, (0,), seq, f"e{seq}", repeats=1, agreeing_repeats=1)


def test_parts_have_their_sizes() -> None:
    parts = Counter(part_of(f"i1:{n:032x}") for n in range(20_000))
    assert parts[Part.TRAIN] / 20_000 == pytest.approx(0.75, abs=0.012)
    assert parts[Part.CALIBRATION] / 20_000 == pytest.approx(0.1, abs=0.01)
    assert parts[Part.HELD_OUT] / 20_000 == pytest.approx(0.15, abs=0.01)


def test_parts_never_move_between_releases() -> None:
    """Frozen answers: a change here would let students be judged on what they were trained on."""
    assert [part_of(f"i1:{n}")[0] for n in range(12)] == list("thhttctctttt")


@given(texts=st.lists(st.text("ab ", max_size=10)), later=st.lists(st.text("ab ", max_size=10)))
def test_an_input_is_in_one_group_whatever_else_arrives(texts: list[str], later: list[str]) -> None:
    first = [example(text, seq) for seq, text in enumerate(texts)]
    assert groups([*first, *map(example, later)])[: len(first)] == groups(first)


def test_near_duplicates_are_dealt_as_the_eldest() -> None:
    asked = ["I lost my card today", "what is my balance?", "I lost my card today!!", "i lost my card"]
    assert groups([example(text) for text in asked]) == [f"i1:{asked[n]}" for n in (0, 1, 0, 0)]
