"""What operators changed of a task's policy: rows that are only ever added. Knows not what they mean."""

from collections.abc import Sequence

from sqlalchemy import Row, insert, select

from shadowbert.domain.policy import PolicyChange
from shadowbert.store.base import Repository
from shadowbert.store.tables import policy_changes


class Policies(Repository):
    def add(self, changes: Sequence[PolicyChange]) -> None:
        """Web processes learn of it by the mirror."""
        rows = [
            {
                "task_id": change.task_id,
                "key": change.key,
                "value": list(change.value) if isinstance(change.value, tuple) else change.value,
                "by": change.by,
                "why": change.why,
                "at": change.at,
            }
            for change in changes
        ]
        if rows:
            self._db.execute(insert(policy_changes), rows)
            self.touch()

    def of_task(self, task_id: str) -> list[PolicyChange]:
        """In the order in which they were made."""
        query = select(policy_changes).where(policy_changes.c.task_id == task_id).order_by(policy_changes.c.id)
        return [_change(row) for row in self._db.execute(query)]

    def all_of(self, key: str) -> dict[str, PolicyChange]:
        """The last change of this key, by task."""
        query = select(policy_changes).where(policy_changes.c.key == key).order_by(policy_changes.c.id)
        return {row.task_id: _change(row) for row in self._db.execute(query)}


def _change(row: Row[tuple[object, ...]]) -> PolicyChange:
    value = tuple(row.value) if isinstance(row.value, list) else row.value
    return PolicyChange(row.task_id, row.key, value, row.by, row.why, row.at)
