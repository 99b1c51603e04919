"""People's answers, beside the calls that they are about."""

from dataclasses import replace

from shadowbert.domain.records import CallRow, Correction
from shadowbert.store.store import Store
from tests.store.rows import AT, a_call, a_version, loaded


def calls(store: Store, *texts: str) -> list[CallRow]:
    version = a_version()
    ids = loaded(store, len(texts))
    rows = [
        a_call(version, id_, seq, input=text, input_hash=f"i1:{text.casefold()}")
        for seq, (id_, text) in enumerate(zip(ids, texts, strict=True), start=1)
    ]
    with store.write() as work:
        work.tasks.found(version)
        work.calls.add(rows)
    return rows


def correction(call: CallRow, *answer: int, at: float = AT) -> Correction:
    return Correction(
        call.exchange_id, call.version_id, call.input, call.input_hash, call.seq, answer, "maria", "a \u2028 reason", at
    )


def test_a_correction_comes_back_as_it_went_in(store: Store) -> None:
    first, second = calls(store, "a", "b")
    rows = [correction(first, 2, 0), correction(second, 1, at=AT + 1)]
    with store.write() as work:
        for row in rows:
            work.corrections.put(row)
        assert work.corrections.of_version(first.version_id) == rows
        assert work.corrections.of_version("nobody") == []


def test_the_latest_of_an_input_takes_the_place_of_the_others(store: Store) -> None:
    first, again, other = calls(store, "a", "A", "b")
    with store.write() as work:
        for row in (correction(first, 1), correction(other, 1), correction(again, 2, at=AT + 1)):
            work.corrections.put(row)
        found = work.corrections.of_version(first.version_id)
    assert [(row.input, row.answer) for row in found] == [("b", (1,)), ("A", (2,))]


def test_a_correction_goes_where_its_call_goes(store: Store) -> None:
    (call,) = calls(store, "a")
    heir = a_version(task="other")
    with store.write() as work:
        work.corrections.put(correction(call, 1))
        work.tasks.found(heir)
        work.calls.hand_over([replace(call, version_id=heir.id, input="b", input_hash="i1:b")], of=call.version_id)
        assert work.corrections.of_version(call.version_id) == []
        assert [(row.input, row.answer) for row in work.corrections.of_version(heir.id)] == [("b", (1,))]


def test_it_is_forgotten_with_the_exchange(store: Store) -> None:
    (call,) = calls(store, "a")
    with store.write() as work:
        work.corrections.put(correction(call, 1))
        work.exchanges.forget_rows(AT * 2)
        assert work.corrections.of_version(call.version_id) == []


def test_what_was_corrected_is_trained_on_though_the_teacher_never_labelled_it(store: Store) -> None:
    version = a_version()
    (exchange_id,) = loaded(store, 1)
    served = a_call(version, exchange_id, 1, answer=None, unfit="by_student")
    with store.write() as work:
        work.tasks.found(version)
        work.calls.add([served])
        work.calls.teach(version.id, [], seq=4)
        assert work.calls.trained_inputs(version.id, 4, [served.input_hash]) == set()
        work.corrections.put(correction(served, 1))
        work.calls.teach(version.id, [], seq=5)
        assert work.calls.trained_inputs(version.id, 5, [served.input_hash]) == {served.input_hash}
        assert work.calls.trained_inputs(version.id, 4, [served.input_hash]) == set(), "an earlier student was not"
