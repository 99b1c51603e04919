"""Calls and strays."""

from dataclasses import replace

from shadowbert.domain.records import Correction, StrayCall
from shadowbert.domain.route import Decider, Source
from shadowbert.store.store import Store
from tests.store.rows import AT, a_call, a_house, a_prediction, a_version, loaded


def strays(ids: list[str], group: str = "g", first: int = 1) -> list[StrayCall]:
    return [StrayCall(id_, seq, group, None) for seq, id_ in enumerate(ids, start=first)]


def test_a_call_comes_back_as_it_went_in(store: Store) -> None:
    house = a_house(store)
    prediction = a_prediction(house.candidate, 1).prediction
    (exchange,) = loaded(store, 1)
    given = a_call(
        house.version,
        exchange,
        1,
        input="a\0b",
        decider=Decider.COIN,
        p_llm=0.05,
        prediction=prediction,
        caller="c0ffee",
    )
    with store.write() as work:
        work.calls.add([given])
        (row,) = work.calls.after(house.version.id, 0, limit=5)
    assert row.input == "a\N{REPLACEMENT CHARACTER}b"
    assert (row.prediction, row.decider, row.answer, row.caller) == (prediction, Decider.COIN, (1,), "c0ffee")


def test_a_call_is_kept_once(store: Store) -> None:
    house, ids = a_house(store), loaded(store, 3)
    rows = [a_call(house.version, id_, seq) for seq, id_ in enumerate(ids, start=1)]
    with store.write() as work:
        work.calls.add(rows[:2])
        work.calls.add(rows)
        work.calls.add([])
        assert work.calls.after(house.version.id, 0, limit=9) == rows
        assert work.calls.after(house.version.id, 1, limit=1) == rows[1:2]


def test_examples_are_distinct_labelled_inputs(store: Store) -> None:
    house, ids = a_house(store), loaded(store, 4)
    rows = [
        a_call(house.version, ids[0], 1, input_hash="x"),
        a_call(house.version, ids[1], 2, input_hash="x", answer=(2,)),
        a_call(house.version, ids[2], 3, input_hash="y", answer=None, unfit="refusal"),
        a_call(house.version, ids[3], 4, input_hash="z"),
    ]
    with store.write() as work:
        work.calls.add(rows)
        assert work.calls.examples(house.version.id) == 2
        assert work.calls.labelled(house.version.id) == [rows[0], rows[1], rows[3]]
        assert work.reports.unfit(house.version.id) == {"refusal": 1}


def test_answers_are_counted_by_input_and_repeats_by_vote(store: Store) -> None:
    house, ids = a_house(store), loaded(store, 7)
    asked: list[tuple[str, tuple[int, ...] | None]] = [
        ("a", (1,)), ("b", (2,)), ("a", (1,)), ("a", (0,)), ("c", None), ("c", None), ("d", (1,)),
    ]  # fmt: skip
    with store.write() as work:
        work.calls.add(
            [
                a_call(house.version, id_, seq, input_hash=text, answer=answer)
                for seq, (id_, (text, answer)) in enumerate(zip(ids, asked, strict=True), start=1)
            ]
        )
        assert work.calls.answers(house.version.id) == {(0,): 1, (1,): 2, (2,): 1}
        assert work.calls.repeats(house.version.id) == {"a": {(1,): 2, (0,): 1}}
        assert (work.calls.answers("nobody"), work.calls.repeats("nobody")) == ({}, {})


def test_repeats_that_a_student_caused_are_none_and_a_slice_has_its_own(store: Store) -> None:
    """An input on which the student is known to disagree is asked each time: it would pull the ceiling down."""
    house, ids = a_house(store), loaded(store, 6)
    deciders = [Decider.STAGE, Decider.COIN, Decider.STAGE, Decider.STUDENT, Decider.STAGE, Decider.CLIENT]
    with store.write() as work:
        work.calls.add(
            [
                a_call(house.version, id_, seq, input_hash=text, decider=decider)
                for seq, (id_, text, decider) in enumerate(zip(ids, "aabbcc", deciders, strict=True), start=1)
            ]
        )
        assert work.calls.repeats(house.version.id) == {"a": {(1,): 2}}
        assert work.calls.repeats(house.version.id, inside=house.candidate.id) == {}
        seen = replace(a_prediction(house.candidate, 1), input_hash="a", exchange_id=ids[0])
        work.predictions.add([seen], [(1,)])
        assert work.calls.repeats(house.version.id, inside=house.candidate.id) == {"a": {(1,): 2}}


def test_answers_of_each_callers_newest_inputs(store: Store) -> None:
    """By who asked an input first; what people have corrected stays."""
    house, ids = a_house(store), loaded(store, 7)
    asked = [("a", "f", 0), ("b", "f", 1), ("b", "h", 2), ("c", "f", 1), ("d", "h", 2), ("e", "f", 1), ("a", "h", 0)]
    rows = [
        a_call(house.version, id_, seq, input_hash=text, caller=caller, answer=(label,))
        for seq, (id_, (text, caller, label)) in enumerate(zip(ids, asked, strict=True), start=1)
    ]
    first = rows[0]
    with store.write() as work:
        work.calls.add(rows)
        assert work.calls.callers(house.version.id) == {"f": 4, "h": 1}
        assert work.calls.answers(house.version.id, most=1) == {(1,): 1, (2,): 1}, "e of f, d of h"
        assert work.calls.answers(house.version.id, most=4) == work.calls.answers(house.version.id)
        work.corrections.put(
            Correction(first.exchange_id, house.version.id, "a", "a", first.seq, (1,), "maria", "", AT)
        )
        assert work.calls.callers(house.version.id) == {"f": 3, "h": 1}
        assert work.calls.answers(house.version.id, most=1) == {(0,): 1, (1,): 1, (2,): 1}


def test_trained_inputs_are_those_first_labelled_before_the_cutoff(store: Store) -> None:
    house, ids = a_house(store), loaded(store, 4)
    with store.write() as work:
        work.calls.add([a_call(house.version, ids[0], 1, input_hash="x")])
        work.calls.add([a_call(house.version, ids[1], 2, input_hash="y", answer=None, unfit="refusal")])
        work.calls.add(
            [a_call(house.version, i, n, input_hash=h) for i, n, h in zip(ids[2:], (3, 4), "xz", strict=True)]
        )
        assert work.calls.trained_inputs(house.version.id, 3, ["x", "y", "z"]) == {"x"}
        assert work.calls.trained_inputs(house.version.id, 4, ["x", "y", "z"]) == {"x", "z"}
        assert work.calls.trained_inputs("another", 4, ["x"]) == set()


def test_endings_count_the_uniform_eligible_calls(store: Store) -> None:
    house, ids = a_house(store), loaded(store, 8)
    changes: list[dict[str, object]] = [
        {},
        {"decider": Decider.COIN},
        {"decider": Decider.SHARE, "answer": None, "unfit": "refusal"},
        {"answer": None, "unfit": "retry"},
        {"decider": Decider.STUDENT, "answer": None, "unfit": "refusal"},
        {"decider": Decider.CLIENT},
        {"eligible": False, "answer": None, "unfit": "refusal"},
        {"source": Source.STUDENT, "decider": Decider.STUDENT, "answer": None, "unfit": "by_student"},
    ]
    rows = [a_call(house.version, i, seq, **c) for seq, (i, c) in enumerate(zip(ids, changes, strict=True), start=1)]
    with store.write() as work:
        work.calls.add(rows)
        assert work.calls.endings(house.version.id, 0) == {None: 2, "refusal": 1, "retry": 1}
        assert work.calls.endings(house.version.id, 2) == {"refusal": 1, "retry": 1}


def test_strays_of_long_ago_and_of_too_many_groups_are_forgotten(store: Store) -> None:
    old, new = loaded(store, 2, received_at=AT - 100), loaded(store, 7, received_at=AT)
    groups = [("aged", old), ("grown", new[:2]), ("first", new[2:3]), ("second", new[3:4]), ("pair", new[4:6])]
    with store.write() as work:
        for group, ids in groups:
            work.calls.add_strays(strays(ids, group, first=10 * len(group)))
        work.calls.forget_strays(AT - 50, groups=9)
        assert work.calls.stray_groups(at_least=1) == {"grown": 2, "first": 1, "second": 1, "pair": 2}
        work.calls.forget_strays(AT - 50, groups=3)
        assert work.calls.stray_groups(at_least=1) == {"grown": 2, "second": 1, "pair": 2}
        work.calls.forget_strays(AT - 50, groups=1)
        assert work.calls.stray_groups(at_least=1) == {"grown": 2}


def test_strays_wait_in_groups_and_only_the_latest(store: Store) -> None:
    ids = loaded(store, 10)
    with store.write() as work:
        work.calls.add_strays(strays(ids[:6]))
        work.calls.add_strays(strays(ids[4:], first=5))
        work.calls.add_strays([StrayCall(ids[0], 1, "other", None)])
        assert work.calls.stray_groups(at_least=2) == {"g": 10}
        assert [s.exchange_id for s in work.calls.strays("g", limit=3)] == ids[-3:]
        work.calls.trim_strays("g", keep=4)
        assert [s.exchange_id for s in work.calls.strays("g", limit=99)] == ids[-4:]
        work.calls.trim_strays("g", keep=4)
        work.calls.trim_strays("empty", keep=4)
        work.calls.remove_strays(ids[-2:])
        assert [s.exchange_id for s in work.calls.strays("g", limit=99)] == ids[-4:-2]


def test_a_call_is_handed_over_by_whom_it_belongs_to(store: Store) -> None:
    """A worker that slept through its lease takes nothing back from the version that stands there now."""
    versions = [a_version(task=name) for name in ("first", "second", "third")]
    first, second, third = (version.id for version in versions)
    (exchange_id,) = loaded(store, 1)
    call = a_call(versions[0], exchange_id, 1)
    with store.write() as work:
        for version in versions:
            work.tasks.found(version)
        work.calls.add([call])
        work.calls.hand_over([replace(call, version_id=second)], of=first)
        work.calls.hand_over([replace(call, version_id=third)], of=second)
        work.calls.hand_over([replace(call, version_id=second)], of=first)
        assert [len(work.calls.after(version.id, 0, limit=9)) for version in versions] == [0, 0, 1]


def test_what_is_a_call_is_no_stray(store: Store) -> None:
    """One worker read it before the version was founded, and wrote it after another had."""
    house, ids = a_house(store), loaded(store, 2)
    with store.write() as work:
        work.calls.add([a_call(house.version, ids[0], 1)])
        work.calls.add_strays(strays(ids))
        assert [stray.exchange_id for stray in work.calls.strays("g", limit=9)] == ids[1:]


def test_what_a_champion_was_asked(store: Store) -> None:
    house, ids = a_house(store), loaded(store, 7)
    mine = a_prediction(house.candidate, 1).prediction
    other = replace(mine, candidate_id="other")
    rows = [
        a_call(house.version, ids[0], 1, decider=Decider.STUDENT, prediction=mine, source=Source.STUDENT, answer=None),
        a_call(house.version, ids[1], 2, decider=Decider.STUDENT, prediction=mine),
        a_call(house.version, ids[2], 3, decider=Decider.COIN, prediction=mine),
        a_call(house.version, ids[3], 4, decider=Decider.STUDENT, prediction=other),
        a_call(house.version, ids[4], 5, decider=Decider.FAULT),
        a_call(house.version, ids[5], 6, decider=Decider.STUDENT, prediction=mine, source=Source.STUDENT, answer=None),
        a_call(house.version, ids[6], 7, decider=Decider.STUDENT, prediction=mine),
    ]
    with store.write() as work:
        work.calls.add(rows)
        asked = (house.version.id, house.candidate.id)
        assert work.calls.consulted(*asked, after=0, until=6, limit=9) == [(1, True), (2, False), (6, True)]
        assert work.calls.consulted(*asked, after=1, until=7, limit=2) == [(2, False), (6, True)]
        assert work.calls.consulted("nobody", house.candidate.id, after=0, until=9, limit=9) == []
