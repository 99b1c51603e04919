"""What is said of rows by those that have not learnt them, put together and settled."""

from collections.abc import Sequence

import numpy as np
import pytest

from shadowbert.bert.training.scores import Mask
from shadowbert.bert.training.unseen import Unseen, together


def opinion(rows: Sequence[int], of: int = 6) -> Unseen:
    """Each row's logits name the row; the words' are a hundred more, the neighbours' a thousand."""
    mask: Mask = np.zeros(of, dtype=bool)
    mask[list(rows)] = True
    said = np.array(sorted(rows), dtype=np.float32)[:, None]
    return Unseen(mask, [said, said + 10], [[said + 100, said + 110], [said + 1000, said + 1010]])


@pytest.mark.parametrize("parts", [[(1, 4)], [(1, 4), (0, 5)], [(5,), (0, 2), (3, 1)], [(0, 1, 2), (), (3, 4, 5)]])
def test_parts_are_put_together_in_the_corpus_s_order(parts: list[tuple[int, ...]]) -> None:
    whole = together([opinion(rows) for rows in parts])
    known = sorted(row for rows in parts for row in rows)
    assert np.flatnonzero(whole.rows).tolist() == known
    assert [field[:, 0].tolist() for field in whole.dense] == [known, [row + 10 for row in known]]
    words, near = whole.others
    assert words[0][:, 0].tolist() == [row + 100 for row in known]
    assert near[1][:, 0].tolist() == [row + 1010 for row in known]
