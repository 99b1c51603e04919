"""The stage table that web processes mirror."""

from shadowbert.domain.student import Champion
from shadowbert.domain.task import Stage
from shadowbert.store.store import Store
from tests.store.rows import AT, a_house, a_prediction, a_transition, a_verdict, a_version


def test_an_empty_store_has_an_empty_table(store: Store) -> None:
    with store.read() as work:
        table = work.mirror.table(audit_rate=0.05)
    assert (table.versions, table.revision, table.gate_looked_at) == ((), 0, None)


def test_the_table_shows_each_version_with_its_champion(store: Store) -> None:
    house = a_house(store)
    sibling = a_version(task_id=house.version.task_id, teacher="other", created_at=AT + 1)
    serving = a_transition(Stage.CANARY, candidate_id=house.candidate.id, forced=True)
    with store.write() as work:
        work.tasks.found(sibling)
        work.tasks.move(house.version, a_verdict(), serving)
        wrong = a_prediction(house.candidate, 1, agreed=False, input_hash="i1:bad")
        work.predictions.add([wrong, a_prediction(house.candidate, 2)], [(0,), (1,)])
        work.marks.set("gate", at=AT)
        table = work.mirror.table(audit_rate=0.07)
    first, second = table.versions
    assert first.champion == Champion(
        student_id=house.student.id,
        candidate_id=house.candidate.id,
        artifact="memory",
        slice=house.candidate.slice,
        known_disagreements=frozenset({"i1:bad"}),
    )
    assert (first.stage, first.share, first.forced, first.audit_rate) == (Stage.CANARY, 0.05, True, 0.07)
    assert (first.contract, first.skeleton) == (house.version.contract, house.version.skeleton)
    assert (second.champion, second.teacher, table.gate_looked_at) == (None, "other", AT)


def test_a_versions_wording_is_kept_and_shown(store: Store) -> None:
    worded, bare = a_version(wording="w1:" + "a" * 32, created_at=AT), a_version(task="other", created_at=AT + 1)
    with store.write() as work:
        work.tasks.found(worded)
        work.tasks.found(bare)
        shown = [version.wording for version in work.mirror.table(audit_rate=0.05).versions]
        assert [version.wording for version in work.tasks.versions()] == shown == [worded.wording, ""]


def test_a_rate_of_the_version_only_raises_the_policys(store: Store) -> None:
    version = a_house(store).version
    for given, shown in ((0.5, 0.5), (0.01, 0.05), (None, 0.05)):
        with store.write() as work:
            work.tasks.set_audit_rate(version.id, given)
            assert work.mirror.table(audit_rate=0.05).versions[0].audit_rate == shown


def test_every_change_that_the_web_must_see_has_a_new_revision(store: Store) -> None:
    seen = []

    def look() -> None:
        with store.read() as work:
            assert work.mirror.revision() == work.mirror.table(audit_rate=0.05).revision
            seen.append(work.mirror.revision())

    look()
    house = a_house(store)
    look()
    with store.write() as work:
        work.tasks.move(house.version, a_verdict(), a_transition(Stage.LIVE, candidate_id=house.candidate.id))
    look()
    with store.write() as work:
        work.tasks.set_audit_rate(house.version.id, 0.5)
    look()
    with store.write() as work:
        work.mirror.touch()
    look()
    assert seen == sorted(set(seen))


def test_a_look_at_the_gate_is_no_new_revision(store: Store) -> None:
    with store.write() as work:
        before = work.mirror.revision()
        work.marks.set("gate", at=AT)
        assert (work.mirror.revision(), work.mirror.gate_looked_at()) == (before, AT)


def test_the_table_and_its_revision_are_of_one_moment(store: Store) -> None:
    """Else a web process would take an old table for the newest one, until the next change."""
    house = a_house(store)
    with store.read() as work:
        before = work.mirror.revision()
        with store.write() as other:
            other.tasks.move(house.version, a_verdict(), a_transition(Stage.PAUSED))
        table = work.mirror.table(audit_rate=0.05)
    assert (table.revision, table.versions[0].stage) == (before, Stage.SHADOW)
