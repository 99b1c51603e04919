"""Earlier calls with the same input, and what is noted of groups of strays."""

from shadowbert.domain.records import StrayCall
from shadowbert.store.store import Store
from tests.store.rows import AT, a_call, a_house, loaded


def test_earlier_calls_are_found_by_input_place_time_and_fate(store: Store) -> None:
    house = a_house(store)
    old = loaded(store, 1, received_at=AT - 100)
    ids = [*old, *loaded(store, 4, received_at=AT, total_ms=1500.0, tenant="acme")]
    fates = (None, None, "refusal", "truncated", None)
    rows = [
        a_call(house.version, id_, seq, input_hash="y" if seq == 5 else "x", answer=None if why else (1,), unfit=why)
        for seq, (id_, why) in enumerate(zip(ids, fates, strict=True), start=1)
    ]
    with store.write() as work:
        work.calls.add(rows)
        every = work.calls.earlier(["x"], after=0, since=0.0)
        assert [one.exchange_id for one in every] == ids[:4]
        assert [one.seq for one in work.calls.earlier({"x", "y"}, after=2, since=0.0)] == [3, 4, 5]
        assert [one.seq for one in work.calls.earlier(["x"], after=0, since=AT)] == [2, 3, 4]
        (poor,) = work.calls.earlier(["x"], after=0, since=AT, unfit=["truncated"])
        assert work.calls.earlier([], after=0, since=0.0) == []
    assert (poor.exchange_id, poor.version_id, poor.tenant, poor.input_hash) == (ids[3], house.version.id, "acme", "x")
    assert (poor.unfit, poor.received_at, poor.ended_at) == ("truncated", AT, AT + 1.5)


def test_a_groups_note_is_replaced_where_it_changes_and_goes_with_the_group(store: Store) -> None:
    ids = loaded(store, 3)
    with store.write() as work:
        work.calls.add_strays([StrayCall(id_, seq, "g" if seq < 3 else "h", None) for seq, id_ in enumerate(ids, 1)])
        work.calls.note_group("g", "few", "2 of 20", at=AT)
        work.calls.note_group("g", "few", "2 of 20", at=AT + 1)
        work.calls.note_group("h", "few", "1 of 20", at=AT)
        assert [(g.key, g.strays, g.why, g.looked_at) for g in work.reports.groups(limit=9)] == [
            ("g", 2, "few", AT),
            ("h", 1, "few", AT),
        ]
        work.calls.note_group("g", "no_template", "", at=AT + 2)
        (group,) = work.reports.groups(limit=1)
        assert (group.why, group.note, group.looked_at, group.example) == ("no_template", "", AT + 2, ids[1])
        work.calls.remove_strays(ids[:2])
        work.calls.add_strays([StrayCall(ids[0], 1, "g", None)])
        assert {g.key: g.why for g in work.reports.groups(limit=9)} == {"g": None, "h": "few"}
