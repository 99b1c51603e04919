"""Drawn calls: which may be drawn, and what people said of them."""

from dataclasses import replace
from typing import Any

from shadowbert.domain.draw import DrawRow, Judged
from shadowbert.domain.route import Decider
from shadowbert.store.store import Store
from tests.store.rows import AT, House, a_call, a_house, a_prediction, loaded


def a_draw(house: House, exchange_id: str, seq: int, **changes: Any) -> DrawRow:
    row = DrawRow(exchange_id, house.version.id, f"i1:{seq}", teacher=(1,), seed=7, drawn_by="maria", drawn_at=AT)
    return replace(row, **changes)


def test_what_may_be_drawn_is_new_uniform_eligible_labelled_and_each_input_once(store: Store) -> None:
    house, ids = a_house(store), loaded(store, 9)
    calls = [
        a_call(house.version, ids[0], 1, input_hash="old"),
        a_call(house.version, ids[1], 2, input_hash="old"),
        a_call(house.version, ids[2], 3, input_hash="a", decider=Decider.STUDENT),
        a_call(house.version, ids[3], 4, input_hash="a"),
        a_call(house.version, ids[4], 5, input_hash="a"),
        a_call(house.version, ids[5], 6, input_hash="b", eligible=False),
        a_call(house.version, ids[6], 7, input_hash="c", answer=None, unfit="refusal"),
        a_call(house.version, ids[7], 8, input_hash="d", decider=Decider.COIN),
        a_call(house.version, ids[8], 9, input_hash="e", decider=Decider.CLIENT),
    ]
    with store.write() as work:
        work.calls.add(calls)
        assert work.draws.frame(house.version.id, 1) == [(ids[3], "a", (1,)), (ids[7], "d", (1,))]
        assert [id_ for id_, _, _ in work.draws.frame(house.version.id, 0)] == [ids[0], ids[3], ids[7]]
        work.draws.add([a_draw(house, ids[4], 5, input_hash="a")])
        assert [id_ for id_, _, _ in work.draws.frame(house.version.id, 1)] == [ids[7]], "an input is drawn once"
        assert work.draws.frame("nobody", 0) == []


def test_they_wait_in_their_order_and_are_told_once(store: Store) -> None:
    house, ids = a_house(store), loaded(store, 3)
    rows = [a_draw(house, id_, seq) for seq, id_ in enumerate(ids, start=1)]
    with store.write() as work:
        work.calls.add([a_call(house.version, id_, seq) for seq, id_ in enumerate(ids[:2], start=1)])
        work.draws.add([rows[1], rows[0], rows[2]])
        work.draws.add([])
        assert work.draws.waiting(house.version.id) == [ids[1], ids[0]], "the third one's call is gone"
        work.draws.tell(ids[1], (2,), by="nora", at=AT + 1)
        work.draws.tell(ids[1], (0,), by="otto", at=AT + 2)
        work.draws.tell(ids[0], None, by="nora", at=AT + 3)
        assert (work.draws.waiting(house.version.id), work.draws.told(house.version.id)) == ([], 2)
        told = replace(rows[1], answer=(2,), told_by="nora", told_at=AT + 1)
        skipped = replace(rows[0], told_by="nora", told_at=AT + 3)
        assert work.draws.of_version(house.version.id) == [told, skipped, rows[2]]
        assert [row.skipped for row in work.draws.of_version(house.version.id)] == [False, True, False]


def test_they_are_judged_beside_what_a_candidate_said(store: Store) -> None:
    house, ids = a_house(store), loaded(store, 4)
    predictions = [
        a_prediction(house.candidate, 1, exchange_id=ids[0]),
        a_prediction(house.candidate, 2, exchange_id=ids[1], inside=False, distinct=False),
        a_prediction(house.candidate, 3, exchange_id=ids[2]),
        a_prediction(house.candidate, 4, exchange_id=ids[3], uniform=False),
    ]
    with store.write() as work:
        work.predictions.add(predictions, [(1,)] * 4)
        work.draws.add([a_draw(house, id_, seq, teacher=(0,)) for seq, id_ in enumerate(ids, start=1)])
        for id_, said in zip(ids, [(1,), None, "waits", (1,)], strict=True):
            if said != "waits":
                work.draws.tell(id_, said, by="nora", at=AT)  # type: ignore[arg-type]
        assert work.draws.judged(house.candidate.id) == [
            Judged(1, (1,), (0,), (1,), in_slice=True, fresh=True),
            Judged(2, None, (0,), (1,), in_slice=False, fresh=False),
        ]
        assert work.draws.judged("nobody") == []
