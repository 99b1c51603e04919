"""Draws by people on a real store: what is drawn, in which order it is answered, and what that shows."""

from collections import Counter

import pytest

from shadowbert.domain.contract import Contract, Field
from shadowbert.errors import OperatorError, UnknownTask
from shadowbert.flow.correct import ALONE, Correct
from shadowbert.flow.draw import Draw, Wanted
from shadowbert.flow.operate import Operator
from shadowbert.flow.truth import NO_TRUTH, HumanTruth, human_truth
from shadowbert.store.store import Store
from shadowbert.testing.lineage import NOW, Lineage, found

WHO = Operator("maria", "a sample")
TWO = Contract((Field(("topic",), ("card", "loan")), Field(("urgent",), (False, True))), "c1:two")


@pytest.fixture
def line(sqlite_store: Store) -> Lineage:
    return found(sqlite_store)


def draw_on(line: Lineage) -> Draw:
    return Draw(line.store, lambda: NOW)


def waiting(line: Lineage) -> list[str]:
    with line.store.read() as work:
        return work.draws.waiting(line.version_id)


def truth(line: Lineage, candidate_id: str | None = None) -> HumanTruth:
    with line.store.read() as work:
        return human_truth(work, line.now, candidate_id)


def answer_all(line: Lineage, *said: str) -> None:
    """A label each, in the order of the queue; an empty one is a skip."""
    draw = draw_on(line)
    for label in said:
        (head, *_) = waiting(line)
        if label:
            draw.answer("bank", WHO, head, {ALONE: label})
        else:
            draw.skip("bank", WHO, head)


def test_a_seed_draws_the_same_again_and_every_call_as_often_as_another(line: Lineage) -> None:
    calls = line.calls(12)
    first = draw_on(line).draw("bank", WHO, Wanted(4, 7))
    assert (first.drawn, first.left, first.waiting) == (4, 8, 4)
    picked = waiting(line)
    with line.store.read() as work:
        frame = [(c.exchange_id, c.input_hash, c.answer) for c in calls]
        rows = work.draws.of_version(line.version_id)
    assert {row.seed for row in rows} == {7}
    assert set(picked) <= {id_ for id_, _, _ in frame}
    draw_on(line).draw("bank", WHO, Wanted(100, 8))
    assert Counter(waiting(line)).most_common(1)[0][1] == 1
    assert len(waiting(line)) == 12
    with pytest.raises(OperatorError, match="say --all to draw from the others too"):
        draw_on(line).draw("bank", WHO, Wanted(1, 9))


def test_only_what_came_after_the_newest_student_is_drawn_unless_all_is_wanted(line: Lineage) -> None:
    old = {call.exchange_id for call in line.calls(10)}
    line.candidate(line.student())
    new = {call.exchange_id for call in line.calls(3)}
    assert draw_on(line).draw("bank", WHO, Wanted(50, 1)).drawn == 3
    assert set(waiting(line)) == new
    assert draw_on(line).draw("bank", WHO, Wanted(50, 1, everything=True)).drawn == 10
    assert set(waiting(line)) == new | old
    with pytest.raises(OperatorError, match="no eligible call that the LLM answered and nobody has drawn"):
        draw_on(line).draw("bank", WHO, Wanted(1, 1, everything=True))


def test_they_are_answered_in_their_order_and_nothing_is_shown_of_the_answers(line: Lineage) -> None:
    line.labelled(("card lost", 1), ("where is my money", 2))
    draw = draw_on(line)
    assert draw.next("bank") is None
    draw.draw("bank", WHO, Wanted(2, 3))
    head, last = waiting(line)
    shown = draw.next("bank")
    assert shown is not None
    assert (shown.exchange, shown.left, shown.input in {"card lost", "where is my money"}) == (head, 2, True)
    with pytest.raises(OperatorError, match=f"in their order; the next one is {head}"):
        draw.answer("bank", WHO, last, {ALONE: "card"})
    draw.answer("bank", WHO, head, {ALONE: "card"})
    following = draw.next("bank")
    assert following is not None
    assert following.exchange == last
    draw.skip("bank", WHO, last)
    assert draw.next("bank") is None
    with pytest.raises(OperatorError, match="waits for an answer; run: shadowbert draw bank"):
        draw.skip("bank", WHO, last)
    with pytest.raises(UnknownTask):
        draw.next("bnak")
    with line.store.read() as work:
        (row,) = work.corrections.of_version(line.version_id)
    assert (row.exchange_id, row.answer, row.by) == (head, (1,), "maria"), "it trains later students, as corrections do"


def test_every_field_must_be_said(sqlite_store: Store) -> None:
    """A field that is left out would be the LLM's word."""
    line = found(sqlite_store, contract=TWO)
    (call,) = line.labelled(("a", 1))
    draw = draw_on(line)
    draw.draw("bank", WHO, Wanted(1, 1))
    with pytest.raises(OperatorError, match="say the label of urgent"):
        draw.answer("bank", WHO, call.exchange_id, {"topic": "card"})
    draw.answer("bank", WHO, call.exchange_id, {"topic": "card", "urgent": "true"})
    assert draw.next("bank") is None


def test_an_inbox_correction_leaves_the_draw_waiting_and_changes_nothing_that_was_told(line: Lineage) -> None:
    first, _ = line.labelled(("a", 1), ("b", 2))
    draw_on(line).draw("bank", WHO, Wanted(2, 1))
    correct = Correct(line.store, lambda: NOW)
    correct.label("bank", WHO, first.exchange_id, {ALONE: "transfer"})
    assert len(waiting(line)) == 2
    answer_all(line, "card", "card")
    correct.label("bank", WHO, first.exchange_id, {ALONE: "transfer"})
    with line.store.read() as work:
        assert [row.answer for row in work.draws.of_version(line.version_id)] == [(1,), (1,)]


def test_who_is_right_stands_side_by_side(line: Lineage) -> None:
    assert truth(line) == NO_TRUTH
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=6, disagree=3, unsure=1)
    draw_on(line).draw("bank", WHO, Wanted(10, 5))
    with line.store.read() as work:
        rows = {row.exchange_id: row.teacher for row in work.draws.of_version(line.version_id)}
        guesses = {call.exchange_id: call for call in work.calls.latest(line.version_id, limit=10)}
    labels = ("account", "card", "transfer")
    teacher = [rows[id_][0] for id_ in waiting(line)]
    order = sorted(guesses, key=lambda id_: guesses[id_].seq)
    disagreed = set(order[6:9])
    said = [
        labels[(label + 1) % 3] if id_ in disagreed else labels[label]
        for id_, label in zip(waiting(line), teacher, strict=True)
    ]
    skipped = next(place for place, id_ in enumerate(waiting(line)) if id_ not in disagreed)
    said[skipped] = ""
    answer_all(line, *said)
    known = truth(line, candidate.id)
    assert (known.skipped, known.waiting, known.teacher.of, known.teacher.rows) == (1, 0, 6, 9)
    assert (known.everywhere.student.of, known.everywhere.rows, known.everywhere.student_only) == (9, 9, 3)
    assert known.inside.rows in {8, 9}
    told = list(known.sentences())
    assert told[0].startswith("the LLM is right: 6 of 9 (66.6 %, between ")
    assert "the student was right in 100 % of 3 disagreements" in told
    assert told[-1] == "people could not say what is right of 1 drawn calls"
    assert truth(line).teacher.rows == 9, "the LLM can be judged before there is a student"
