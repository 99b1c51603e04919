from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.curation.split import Part, part_of, split
from shadowbert.domain.records import ExampleRow


def example(input_hash: str, seq: int = 0) -> ExampleRow:
    return ExampleRow(input_hash, input_hash, (0,), seq, f"e{seq}", repeats=1, agreeing_repeats=1)


def test_parts_have_their_sizes() -> None:
    parts = Counter(part_of(f"i1:{n:032x}") for n in range(20_000))
    assert parts[Part.TRAIN] / 20_000 == pytest.approx(0.75, abs=0.012)
    assert parts[Part.CALIBRATION] / 20_000 == pytest.approx(0.1, abs=0.01)
    assert parts[Part.HELD_OUT] / 20_000 == pytest.approx(0.15, abs=0.01)


def test_parts_never_move_between_releases() -> None:
    """Frozen answers: a change here would let students be judged on what they were trained on."""
    assert [part_of(f"i1:{n}")[0] for n in range(12)] == list("thhttctctttt")


@given(hashes=st.lists(st.text(max_size=10)))
def test_an_input_is_in_one_part_whatever_else_there_is(hashes: list[str]) -> None:
    parts = split(example(h, seq) for seq, h in enumerate(hashes))
    assert len(parts.train) + len(parts.calibration) + len(parts.held_out) == len(hashes)
    for part, members in zip(Part, (parts.train, parts.calibration, parts.held_out), strict=True):
        assert [member.input_hash for member in members] == [h for h in hashes if part_of(h) is part]
