"""Agreement, temperatures and how much of the answers a variant keeps."""

import numpy as np
import pytest

from shadowbert.bert.training import scores
from shadowbert.bert.training.heads import UNSEEN
from shadowbert.domain.student import Guess


def guess(label: int, joint: float) -> Guess:
    return Guess((label,), (joint,), joint)


def test_flips_among_coin_tosses_do_not_count_as_lost() -> None:
    reference = [guess(0, 0.9), guess(0, 0.8), guess(0, 0.3), guess(0, 0.2)]
    served = [guess(0, 0.9), guess(0, 0.8), guess(1, 0.3), guess(0, 0.2)]
    assert scores.kept(served, reference) == (1.0, 0.75)
    assert scores.kept(served[::-1], reference[::-1]) == (1.0, 0.75)


def test_flips_among_sure_answers_do() -> None:
    reference = [guess(0, 0.9), guess(0, 0.8), guess(0, 0.3), guess(0, 0.2)]
    assert scores.kept([guess(1, 0.9), *reference[1:]], reference) == (0.5, 0.75)


def test_rows_of_unseen_labels_do_not_heat_the_field() -> None:
    logits = np.array([[3.0, 0.0, UNSEEN]] * 4 + [[0.0, 3.0, UNSEEN]] * 4, dtype=np.float32)
    labels = np.array([[0]] * 3 + [[1]] + [[1]] * 3 + [[0]])
    known = scores.fit_temperatures([logits], labels, np.ones(8))
    more = np.vstack([logits, logits[:1]]), np.vstack([labels, [[2]]])
    assert scores.fit_temperatures([more[0]], more[1], np.ones(9)) == pytest.approx(known)


def test_guesses_answer_field_by_field() -> None:
    rows = scores.guesses([np.array([[0.0, 9.0]]), np.array([[9.0, 0.0, 0.0]])], [1.0, 1.0])
    assert rows[0].answer == (1, 0)
    assert scores.agreement(rows, np.array([[1, 0]]), np.ones(1)) == 1
    assert scores.agreement(rows, np.array([[1, 1]]), np.ones(1)) == 0
