"""Versions move by compare-and-swap, and their verdicts tell their story."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shadowbert.domain.evidence import Move, Ruling
from shadowbert.domain.manner import Manner
from shadowbert.domain.records import VersionRow
from shadowbert.domain.task import Stage
from shadowbert.errors import StaleState, StoreError
from shadowbert.flow.history import replay
from shadowbert.store.store import Store
from tests.store.rows import AT, a_house, a_transition, a_verdict, a_version, loaded
from tests.store.test_exchanges import at_once


def found(store: Store, *versions: VersionRow) -> None:
    with store.write() as work:
        for version in versions:
            work.tasks.found(version)


def test_a_founded_version_comes_back_as_it_is(store: Store) -> None:
    version = a_version(teacher="gpt\0x", share=0.0)
    found(store, version)
    with store.read() as work:
        assert work.tasks.version(version.id) == replace(version, teacher="gpt\N{REPLACEMENT CHARACTER}x")
        assert work.tasks.version("unknown") is None


def test_versions_of_one_name_are_one_task(store: Store) -> None:
    first = a_version()
    second = a_version(task_id=first.task_id, teacher="other", created_at=AT + 1)
    elsewhere = a_version(tenant="other", created_at=AT + 2)
    found(store, first, second, elsewhere)
    with store.read() as work:
        assert [v.id for v in work.tasks.versions()] == [first.id, second.id, elsewhere.id]
        assert [v.id for v in work.tasks.of_task("bank")][-2:] == [second.id, elsewhere.id]
        assert work.tasks.task_id("default", "bank") == first.task_id
        assert (work.tasks.names("default"), work.tasks.names("nobody")) == ({"bank"}, set())


def test_a_name_of_any_length_and_content_finds_its_task(store: Store) -> None:
    name = "\0" + "x" * 500
    version = a_version(task=name)
    found(store, version)
    with store.read() as work:
        assert work.tasks.task_id("default", name) == version.task_id


def test_a_move_shows_the_whole_state_and_leaves_a_verdict(store: Store) -> None:
    house = a_house(store)
    loaded(store, 7)
    to = a_transition(Stage.CANARY, candidate_id=house.candidate.id, forced=True, by="ann", why="trust me")
    with store.write() as work:
        moved = work.tasks.move(house.version, a_verdict(ruling=Ruling.PASS, move=Move.PROMOTE), to)
    assert (moved.stage, moved.share, moved.candidate_id) == (Stage.CANARY, 0.05, house.candidate.id)
    assert (moved.epoch, moved.stage_seq, moved.forced, moved.held) == (2, 7, True, False)
    with store.read() as work:
        assert work.tasks.version(moved.id) == moved
        row = work.tasks.verdicts([moved.id])[-1]
    assert (row.by, row.why, row.verdict.numbers, row.stage_before) == ("ann", "trust me", {"agree": 3.0}, Stage.SHADOW)
    assert (row.verdict.ruling, row.verdict.stage, row.champion, row.seq) == ("pass", "canary", house.candidate.id, 7)


def test_a_move_decided_on_an_older_epoch_is_refused_whole(store: Store) -> None:
    version = a_house(store).version
    with store.write() as work:
        moved = work.tasks.move(version, a_verdict(), a_transition(Stage.PAUSED))
    with pytest.raises(StaleState), store.write() as work:
        work.tasks.move(version, a_verdict(), a_transition(Stage.CANARY))
    with store.read() as work:
        assert work.tasks.version(version.id) == moved
        assert len(work.tasks.verdicts([version.id])) == 2


def test_of_movers_at_once_one_wins(store: Store) -> None:
    version = a_house(store).version

    def move() -> str:
        with store.write() as work:
            return work.tasks.move(version, a_verdict(), a_transition(Stage.PAUSED)).stage

    assert sorted(map(str, at_once(move, 4))) == ["StaleState", "StaleState", "StaleState", "paused"]
    with store.read() as work:
        assert [row.epoch for row in work.tasks.verdicts([version.id])] == [1, 2]


def test_a_champion_serves_since_it_last_took_over(store: Store) -> None:
    house = a_house(store)
    version = house.version
    seqs = []
    for stage, champion in ((Stage.LIVE, "a"), (Stage.CANARY, "b"), (Stage.LIVE, "a"), (Stage.LIVE, "a")):
        loaded(store, 1)
        with store.write() as work:
            version = work.tasks.move(version, a_verdict(), a_transition(stage, candidate_id=champion))
        seqs.append(version.stage_seq)
    with store.read() as work:
        assert work.tasks.champion_since(version.id, "a") == seqs[2]
        assert work.tasks.champion_since(version.id, "b") == 0


transitions = st.builds(
    a_transition,
    st.sampled_from(Stage),
    candidate_id=st.none() | st.sampled_from(["a", "b"]),
    forced=st.booleans(),
    held=st.booleans(),
    unaudited=st.none() | st.integers(1, 9),
    frozen=st.booleans(),
    alarms_off=st.booleans(),
    share=st.sampled_from([0.0, 0.05, 1.0]),
)


def test_replaying_the_verdicts_rebuilds_the_state(store: Store) -> None:
    @settings(max_examples=20)
    @given(st.lists(transitions, max_size=6))
    def rebuilds(moves: list[object]) -> None:
        founded = a_version(task_id="t1")
        with store.write() as work:
            work.tasks.found(founded)
            version = founded
            for number, to in enumerate(moves):
                work.exchanges.load("a", start=work.exchanges.offset("a"), end=number + 10**6, batch=[])
                version = work.tasks.move(version, a_verdict(), to)  # type: ignore[arg-type]
            verdicts = work.tasks.verdicts([founded.id])
        assert replay(founded, verdicts) == version

    rebuilds()


def test_a_missing_verdict_is_noticed(store: Store) -> None:
    house = a_house(store)
    with store.write() as work:
        work.tasks.move(house.version, a_verdict(), a_transition(Stage.PAUSED))
        verdicts = work.tasks.verdicts([house.version.id])
    founded = replace(house.version, stage=Stage.COLLECTING, epoch=0)
    assert replay(founded, verdicts).stage is Stage.PAUSED
    with pytest.raises(StoreError, match="does not follow on epoch 0"):
        replay(founded, verdicts[1:])


def test_the_audit_rate_and_reply_model_can_change_without_a_move(store: Store) -> None:
    manners = {"chat": Manner("stop", spaced=True)}
    version = a_house(store).version
    with store.write() as work:
        work.tasks.set_audit_rate(version.id, 0.5)
        work.tasks.set_manners(version.id, "gpt-x", manners)
        changed = work.tasks.version(version.id)
    assert changed == replace(version, audit_rate=0.5, reply_model="gpt-x", manners=manners)


def test_a_verdict_that_moves_nothing_leaves_the_stages_beginning(store: Store) -> None:
    house = a_house(store)
    canary = a_transition(Stage.CANARY, candidate_id=house.candidate.id)
    for seq, to in (
        (3, canary),
        (3, canary),
        (9, replace(canary, share=0.25)),
        (12, replace(canary, stage=Stage.LIVE)),
    ):
        loaded(store, 3)
        with store.write() as work:
            version = work.tasks.version(house.version.id)
            assert version is not None
            assert work.tasks.move(version, a_verdict(), to).stage_seq == seq
            assert replay(house.version, work.tasks.verdicts([version.id])[1:]) == work.tasks.version(version.id)
