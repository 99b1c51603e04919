"""Changes of policy, on both back ends: kept in their order, mirrored, and where they go when tasks do."""

from dataclasses import replace

import pytest

from shadowbert.domain.ids import uuid7
from shadowbert.domain.policy import PolicyChange, own_values
from shadowbert.domain.records import VersionRow
from shadowbert.store.store import Store
from tests.store.rows import AT, a_version


def founded(store: Store, **changes: object) -> VersionRow:
    version = a_version(**changes)
    with store.write() as work:
        work.tasks.found(version)
    return version


def change(version: VersionRow, key: str, value: object, **others: object) -> PolicyChange:
    made = PolicyChange(version.task_id, key, value, "maria", "a   reason", AT)  # type: ignore[arg-type]
    return replace(made, **others)  # type: ignore[arg-type]


def test_changes_come_back_as_they_went_in_and_in_their_order(store: Store) -> None:
    version, other = founded(store), founded(store, task="other")
    changes = [
        change(version, "target", 0.97),
        change(version, "always_llm", ("kind=a, b", "kind=ü")),
        change(version, "autopilot", value=False),
        change(version, "min_rows", 300, at=AT - 5),
        change(version, "target", None),
    ]
    with store.write() as work:
        for row in changes:
            work.policies.add([row])
        work.policies.add([change(other, "target", 0.9)])
        assert work.policies.of_task(version.task_id) == changes
        assert [type(row.value) for row in work.policies.of_task(version.task_id)][2:4] == [bool, int]
        assert work.policies.of_task("nobody") == []


def test_a_change_is_news_to_the_mirror_and_none_is_not(store: Store) -> None:
    version = founded(store)
    with store.write() as work:
        before = work.mirror.revision()
        work.policies.add([])
        assert work.mirror.revision() == before
        work.policies.add([change(version, "target", 0.97)])
        assert work.mirror.revision() > before


@pytest.mark.parametrize(
    ("own", "raised", "drawn"),
    [(None, None, 0.05), (0.2, None, 0.2), (0.01, None, 0.01), (0.01, 0.25, 0.25), (0.6, 0.5, 0.6)],
)
def test_the_mirror_audits_at_the_task_s_own_rate_and_suspicion_only_raises_it(
    own: float | None, raised: float | None, drawn: float, store: Store
) -> None:
    version = founded(store)
    with store.write() as work:
        work.policies.add([change(version, "audit_rate", 0.9), change(version, "audit_rate", own)])
        work.tasks.set_audit_rate(version.id, raised)
        (published,) = work.mirror.table(audit_rate=0.05).versions
    assert published.audit_rate == drawn


def test_a_version_that_is_split_off_keeps_its_policy(store: Store) -> None:
    old = founded(store)
    young = a_version(task_id=old.task_id, created_at=AT + 1)
    changes = [change(old, "target", 0.97), change(old, "target", 0.98), change(old, "always_llm", ("kind=a",))]
    new_id = uuid7()
    with store.write() as work:
        work.tasks.found(young)
        work.policies.add(changes)
        work.lineages.split(old.task_id, [young.id], new_id=new_id, name="young", at=AT)
        assert work.policies.of_task(old.task_id) == changes
        assert work.policies.of_task(new_id) == [replace(row, task_id=new_id) for row in changes]


def test_merged_tasks_have_one_history_of_changes(store: Store) -> None:
    mine, theirs = founded(store), founded(store, task="other")
    with store.write() as work:
        work.policies.add([change(mine, "target", 0.97), change(theirs, "target", 0.97)])
        work.lineages.merge(mine.task_id, theirs.task_id)
        assert own_values(work.policies.of_task(mine.task_id)) == {"target": 0.97}
        assert work.policies.of_task(theirs.task_id) == []
