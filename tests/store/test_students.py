"""Students, candidates and the counting of their predictions."""

from dataclasses import replace
from typing import Any

import pytest

from shadowbert.domain.evidence import Counts, Departure, Pair
from shadowbert.domain.ids import uuid7
from shadowbert.domain.student import Guess, Slice
from shadowbert.errors import StoreError
from shadowbert.store.store import Store
from tests.store.rows import House, a_candidate, a_house, a_prediction, a_student, a_version


def test_students_come_back_by_number(store: Store) -> None:
    house = a_house(store)
    second = a_student(house.version, number=2, scores={})
    with store.write() as work:
        assert work.students.next_number(house.version.id) == 2
        work.students.add(second)
        assert work.students.of_version(house.version.id) == [house.student, second]
        assert work.students.get(second.id) == second
        assert work.students.get("unknown") is None


def test_candidates_are_numbered_over_all_versions_of_a_task(store: Store) -> None:
    """Each spends the next share of alpha: the task's, not the version's."""
    house = a_house(store)
    sibling = a_version(task_id=house.version.task_id, teacher="another")
    student = a_student(sibling)
    with store.write() as work:
        work.tasks.found(sibling)
        work.students.add(student)
        assert work.candidates.next_number(sibling.task_id) == 2
        work.candidates.enter(a_candidate(student, sibling, number=2))
        assert work.candidates.next_number(house.version.task_id) == 3
    with pytest.raises(StoreError, match="IntegrityError"), store.write() as work:
        work.candidates.enter(a_candidate(student, sibling, number=2))


def test_a_retired_candidate_gathers_no_evidence_but_keeps_its_number(store: Store) -> None:
    house = a_house(store)
    with store.write() as work:
        assert work.candidates.active(house.version.id) == [house.candidate]
        work.candidates.retire(house.candidate.id, "replaced")
        assert (work.candidates.active(house.version.id), work.candidates.cursors(house.version.id)) == ([], {})
        assert work.candidates.get(house.candidate.id) == replace(house.candidate, retired="replaced")
        assert work.candidates.next_number(house.version.task_id) == 2


def test_a_cursor_begins_where_evidence_does(store: Store) -> None:
    candidate = a_house(store, start_seq=40).candidate
    with store.write() as work:
        assert work.candidates.cursor(candidate.id) == 40
        work.candidates.move_cursor(candidate.id, 55)
        assert work.candidates.cursors(candidate.version_id) == {candidate.id: 55}


@pytest.fixture
def mixed(store: Store) -> House:
    """Rows of each kind: 4 that count for promotion, one of them a disagreement."""
    house = a_house(store)
    kinds: list[dict[str, object]] = [
        {},
        {},
        {},
        {"agreed": False},
        {"distinct": False},
        {"distinct": False, "agreed": False, "input_hash": "i1:4"},
        {"uniform": False},
        {"inside": False, "agreed": False},
        {"agreed": None},
    ]
    rows = [a_prediction(house.candidate, seq, **kind) for seq, kind in enumerate(kinds, start=1)]
    with store.write() as work:
        work.predictions.add(rows, [None if row.agreed is None else (1,) if row.agreed else (0,) for row in rows])
    return house


def test_promotion_counts_each_distinct_uniform_row_of_the_slice(store: Store, mixed: House) -> None:
    with store.read() as work:
        assert work.predictions.promotion_counts(mixed.candidate.id) == Counts(3, 1)
        assert work.predictions.promotion_counts("another") == Counts(0, 0)


def test_audits_count_every_uniform_row_of_the_slice(store: Store, mixed: House) -> None:
    with store.read() as work:
        assert work.predictions.audit_counts(mixed.candidate.id, 0) == Counts(4, 2)
        assert work.predictions.audit_counts(mixed.candidate.id, 3) == Counts(1, 2)
        assert work.predictions.audits(mixed.candidate.id, 2) == [(3, True), (4, False), (5, True), (6, False)]
        assert work.predictions.latest(mixed.candidate.id, limit=3) == [False, True, False]
        assert work.reports.agreements(mixed.candidate.id) == [True, True, True, False]


def test_coverage_is_over_all_uniform_rows(store: Store, mixed: House) -> None:
    with store.read() as work:
        assert work.predictions.coverage(mixed.candidate.id) == (7, 8)


def test_confusion_counts_the_rows_of_promotion(store: Store, mixed: House) -> None:
    with store.read() as work:
        assert sorted(work.predictions.confusion(mixed.candidate.id)) == [((1,), (0,), 1), ((1,), (1,), 3)]


def test_agreement_by_what_was_said_counts_each_input_once_before_a_candidate_serves(store: Store) -> None:
    house, other = a_house(store), Guess((0,), (0.9,), 0.9)
    kinds: list[dict[str, Any]] = [
        {},
        {"guess": other, "agreed": False},
        {"guess": other},
        {"distinct": False},
        {"inside": False},
        {"uniform": False},
        {"agreed": None},
    ]
    rows = []
    for seq, kind in enumerate(kinds, start=1):
        guess = kind.pop("guess", None)
        row = a_prediction(house.candidate, seq, **kind)
        rows.append(replace(row, prediction=replace(row.prediction, guess=guess)) if guess else row)
    with store.write() as work:
        work.predictions.add(rows, [(1,)] * len(rows))
        mine = house.candidate.id
        assert work.predictions.tally(mine) == {(1,): Counts(1, 0), (0,): Counts(1, 1)}
        assert work.predictions.tally(mine, since=3) == {(1,): Counts(2, 0), (0,): Counts(1, 1)}
        assert work.predictions.tally(mine, until=2) == {(1,): Counts(1, 0), (0,): Counts(0, 1)}
        assert work.predictions.tally(mine, since=4) == work.predictions.tally(mine)
        assert work.predictions.said(mine, 1, since=3) == [(2, (0,), False), (3, (0,), True), (4, (1,), True)]
        assert work.predictions.said(mine, 3, since=4) == []


def test_what_a_forerunner_said_stands_beside_a_narrower_candidate_and_is_no_evidence(store: Store) -> None:
    house = a_house(store, slice=Slice(0.8))
    narrower = a_candidate(house.student, house.version, number=2, slice=Slice(0.8, frozenset({(0, 0)})))
    said = [Guess((n % 2,), (0.9,), 0.9) for n in range(6)]
    rows = [a_prediction(house.candidate, seq, repeated=True, by_web=True) for seq in range(6)]
    rows = [
        replace(row, prediction=replace(row.prediction, guess=guess)) for row, guess in zip(rows, said, strict=True)
    ]
    aside = a_prediction(house.candidate, 6, uniform=False)
    with store.write() as work:
        work.candidates.enter(narrower)
        work.predictions.add([*rows, aside], [(1,)] * 7)
        own = replace(rows[5], candidate_id=narrower.id, agreed=False, repeated=None)
        work.predictions.add([own], [(1,)])
        work.predictions.hand_on(house.candidate.id, narrower.id, narrower.slice, latest=4)
        assert work.predictions.coverage(narrower.id) == (3, 5), "the latest four of the others, and its own"
        assert work.predictions.latest(narrower.id, limit=9) == [True, True, False]
        assert work.predictions.promotion_counts(narrower.id) == Counts(0, 1)
        assert work.predictions.promotion_counts(house.candidate.id) == Counts(6, 0)
        assert work.predictions.repeats(house.student.id) == Counts(6, 0)
        assert sum(row.distinct for row in work.predictions.outcomes(house.student.id)) == 6
        work.predictions.hand_on(house.candidate.id, narrower.id, narrower.slice, latest=0)
        assert work.predictions.coverage(narrower.id) == (3, 5)


def test_a_candidate_keeps_which_labels_left_with_its_entry(store: Store) -> None:
    gone = (Departure(0, 2, Counts(20, 14)), Departure(0, 1, Counts(25, 25), fell=True))
    house = a_house(store, departures=gone)
    with store.read() as work:
        (kept,) = work.candidates.of_version(house.version.id)
    assert kept.departures == gone
    assert kept.departures[1].pair == (0, 1)


def test_known_disagreements_are_the_students_own_under_any_slice(store: Store, mixed: House) -> None:
    with store.read() as work:
        assert work.predictions.known_disagreements(mixed.student.id) == {"i1:4", "i1:8"}
        assert work.predictions.known_disagreements("another") == set()


def test_an_input_was_met_when_it_first_came(store: Store, mixed: House) -> None:
    with store.read() as work:
        assert work.predictions.met(mixed.student.id, ["i1:4", "i1:9", "i1:77"]) == {"i1:4": 4, "i1:9": 9}
        assert work.predictions.met("another", ["i1:4"]) == {}


def test_repeats_count_the_rows_that_the_web_predicted_too(store: Store) -> None:
    house = a_house(store)
    kinds = (None, True, True, False)
    rows = [a_prediction(house.candidate, seq, repeated=kind) for seq, kind in enumerate(kinds)]
    with store.write() as work:
        work.predictions.add(rows, [(1,)] * 4)
        assert work.predictions.repeats(house.student.id) == Counts(2, 1)


def test_pairs_are_rows_that_both_predicted_and_that_are_new_to_the_challenger(store: Store) -> None:
    house = a_house(store)
    challenger = a_candidate(house.student, house.version, number=2)
    kinds: list[tuple[dict[str, object], dict[str, object]]] = [
        ({}, {"agreed": False}),
        ({"distinct": False, "agreed": False}, {}),
        ({}, {"distinct": False}),
        ({"uniform": False}, {"uniform": False}),
        ({"agreed": None}, {"agreed": None}),
    ]
    with store.write() as work:
        work.candidates.enter(challenger)
        for seq, (mine, theirs) in enumerate(kinds):
            row = a_prediction(house.candidate, seq, **mine)
            other = a_prediction(challenger, seq, exchange_id=row.exchange_id, **theirs)
            work.predictions.add([row, other, a_prediction(challenger, seq)], [(2,)] * 3)
        pairs = work.predictions.pairs(house.candidate.id, challenger.id)
    assert sorted(pairs, key=str) == [
        Pair((2,), champion=False, challenger=True),
        Pair((2,), champion=True, challenger=False),
    ]


def test_a_prediction_is_made_once(store: Store) -> None:
    house = a_house(store)
    row = a_prediction(house.candidate, 1)
    with store.write() as work:
        work.predictions.add([row], [(1,)])
    with pytest.raises(StoreError), store.write() as work:
        work.predictions.add([row], [(1,)])


def test_a_slice_comes_back_whole(store: Store) -> None:
    served = Slice(0.25, frozenset({(0, 1), (1, 0)}))
    house = a_house(store, slice=served)
    with store.read() as work:
        kept = work.candidates.get(house.candidate.id)
    assert kept is not None
    assert kept.slice == served
    assert not kept.slice.holds(Guess((1, 1), (1.0, 1.0), 1.0))


def test_hours_of_the_day_are_counted_over_the_promotion_rows(store: Store) -> None:
    house, hour, start = a_house(store), 3_600_000, 1_760_001_000_000  # at 09:10 UTC
    moments = [start, start + hour // 2, start + hour, start + 24 * hour, start + 49 * hour]
    rows = [
        a_prediction(house.candidate, seq, exchange_id=uuid7(ms), input_hash=f"i1:{seq}")
        for seq, ms in enumerate(moments, start=1)
    ]
    aside = [
        a_prediction(house.candidate, 90, exchange_id=uuid7(start + 5 * hour), distinct=False),
        a_prediction(house.candidate, 91, exchange_id=uuid7(start + 6 * hour), uniform=False),
        a_prediction(house.candidate, 92, exchange_id=uuid7(start + 7 * hour), inside=False),
    ]
    with store.write() as work:
        assert work.predictions.hours(house.candidate.id) == 0
        work.predictions.add([*rows, *aside], [(1,)] * (len(rows) + len(aside)))
        assert work.predictions.hours(house.candidate.id) == 2


def test_coverage_up_to_a_load_sequence(store: Store) -> None:
    house = a_house(store)
    rows = [a_prediction(house.candidate, n, inside=n > 2) for n in range(1, 6)]
    with store.write() as work:
        work.predictions.add([*rows, a_prediction(house.candidate, 6, uniform=False)], [(1,)] * 6)
        assert work.predictions.coverage(house.candidate.id) == (3, 5)
        assert work.predictions.coverage(house.candidate.id, until=3) == (1, 3)
        assert work.predictions.coverage(house.candidate.id, until=0) == (0, 0)
