"""Tasks as rows: what they are called, and whose the versions and the candidates are. Knows no stages."""

from collections.abc import Sequence

from sqlalchemy import Row, delete, func, insert, literal, select, update

from shadowbert.store.base import Repository
from shadowbert.store.tables import candidates, policy_changes, tasks, versions


class Lineages(Repository):
    def rename(self, task_id: str, name: str) -> None:
        """The old name becomes a former one, and nobody else was ever called by the new one."""
        row = self._task(task_id)
        self._give_up(row.tenant, name)
        former = [old for old in row.former if old != name]
        self._set(task_id, name=name, former=[*former, row.name])

    def pin(self, task_id: str, *, pinned: bool) -> None:
        self._set(task_id, pinned=pinned)

    def merge(self, task_id: str, other_id: str) -> None:
        """What is the other's becomes this task's, its candidates numbered after those that are there. Its policy must
        have been the same.
        """
        row, other = self._task(task_id), self._task(other_id)
        last = self._db.execute(select(func.max(candidates.c.number)).where(candidates.c.task_id == task_id)).scalar()
        moved = {"task_id": task_id, "number": candidates.c.number + (last or 0)}
        self._db.execute(update(candidates).where(candidates.c.task_id == other_id).values(moved))
        self._db.execute(update(versions).where(versions.c.task_id == other_id).values(task_id=task_id))
        self._db.execute(delete(policy_changes).where(policy_changes.c.task_id == other_id))
        self._db.execute(delete(tasks).where(tasks.c.id == other_id))
        self._set(task_id, former=[*row.former, *other.former, other.name])

    def split(self, task_id: str, version_ids: Sequence[str], *, new_id: str, name: str, at: float) -> None:
        """These versions become a new task's, with their candidates; it is pinned where the old one is, and judged by
        the same policy.
        """
        row = self._task(task_id)
        self._give_up(row.tenant, name)
        new = {"id": new_id, "tenant": row.tenant, "name": name, "created_at": at, "former": [], "pinned": row.pinned}
        self._db.execute(insert(tasks), [new])
        own = [column for column in policy_changes.c if column.name not in ("id", "task_id")]
        theirs = select(literal(new_id), *own).where(policy_changes.c.task_id == task_id).order_by(policy_changes.c.id)
        names = ["task_id", *(column.name for column in own)]
        self._db.execute(insert(policy_changes).from_select(names, theirs))
        self._db.execute(update(versions).where(versions.c.id.in_(version_ids)).values(task_id=new_id))
        self._db.execute(update(candidates).where(candidates.c.version_id.in_(version_ids)).values(task_id=new_id))
        self.touch()

    def _task(self, task_id: str) -> Row[tuple[object, ...]]:
        return self._db.execute(select(tasks).where(tasks.c.id == task_id)).one()

    def _set(self, task_id: str, **values: object) -> None:
        self._db.execute(update(tasks).where(tasks.c.id == task_id).values(values))
        self.touch()

    def _give_up(self, tenant: str, name: str) -> None:
        """Whoever was called so before is found by that name no more."""
        for row in self._db.execute(select(tasks).where(tasks.c.tenant == tenant)).all():
            if name in row.former:
                self._set(row.id, former=[old for old in row.former if old != name])
