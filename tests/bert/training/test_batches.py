"""Every row is taken once an epoch, by one rank, and padding is not read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.bert.training.batches import batches, pad, share


@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=200), epoch=st.integers(0, 3))
def test_every_row_is_in_one_batch(lengths: list[int], epoch: int) -> None:
    found = list(batches([[1] * length for length in lengths], 8, seed=0, epoch=epoch))
    assert sorted(row for batch in found for row in batch) == list(range(len(lengths)))
    assert max(map(len, found)) <= 8


@given(losses=st.lists(st.floats(0, 10), min_size=1, max_size=20), ranks=st.integers(1, 5))
def test_the_mean_over_the_ranks_is_the_mean_over_the_batch(losses: list[float], ranks: int) -> None:
    found = []
    for rank in range(ranks):
        own, weight = share(range(len(losses)), rank, ranks)
        found.append(weight * sum(losses[row] for row in own) / len(own))
    assert sum(found) / ranks == pytest.approx(sum(losses) / len(losses))


def test_padding_is_masked() -> None:
    ids, mask = pad([[5, 6, 7], [8]])
    assert ids.tolist() == [[5, 6, 7], [8, 0, 0]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]
