"""The stage table that web processes mirror: every published version with its champion."""

from typing import Any

from sqlalchemy import Row, select

from shadowbert.domain.contract import Contract
from shadowbert.domain.student import Champion
from shadowbert.domain.task import LEAST_AUDIT_RATE, PublishedVersion, Stage, StageTable
from shadowbert.domain.template import Skeleton
from shadowbert.store.base import REVISION, Repository
from shadowbert.store.codec import fills_of, manners_of, slice_of
from shadowbert.store.policies import Policies
from shadowbert.store.students import Predictions
from shadowbert.store.tables import candidates, marks, students, tasks, versions

GATE_LOOK = "gate"


class Mirror(Repository):
    def revision(self) -> int:
        return self._counter(REVISION)

    def gate_looked_at(self) -> float | None:
        return self._db.execute(select(marks.c.at).where(marks.c.name == GATE_LOOK)).scalar()

    def table(self, *, audit_rate: float) -> StageTable:
        """Everything a web process needs to recognise and route. `audit_rate`: where a task has none."""
        columns = [column for column in versions.c if column.name != "id"]
        query = (
            select(versions.c.id.label("version_id"), tasks.c.name, tasks.c.tenant, tasks.c.former, *columns)
            .add_columns(
                candidates.c.threshold, candidates.c.excluded, students.c.id.label("student_id"), students.c.artifact
            )
            .join(tasks, tasks.c.id == versions.c.task_id)
            .outerjoin(candidates, candidates.c.id == versions.c.candidate_id)
            .outerjoin(students, students.c.id == candidates.c.student_id)
            .where(versions.c.replaced_by.is_(None))
            .order_by(versions.c.created_at)
        )
        rows, own = self._db.execute(query).all(), Policies(self._db).all_of("audit_rate")
        rates = {task_id: change.value for task_id, change in own.items() if isinstance(change.value, float)}
        return StageTable(
            versions=tuple(self._published(row, rates.get(row.task_id, audit_rate)) for row in rows),
            revision=self.revision(),
            gate_looked_at=self.gate_looked_at(),
        )

    def _published(self, row: Row[Any], audit_rate: float) -> PublishedVersion:
        return PublishedVersion(
            id=row.version_id,
            task=row.name,
            tenant=row.tenant,
            teacher=row.teacher,
            contract=Contract.from_json(row.contract),
            skeleton=Skeleton.from_json(row.skeleton),
            stage=Stage(row.stage),
            share=row.share,
            # what is frozen only asks whether the LLM is back, and each of these calls fails its caller
            audit_rate=LEAST_AUDIT_RATE if row.frozen else max(audit_rate, row.audit_rate or 0.0),
            champion=self._champion(row),
            reply_model=row.reply_model,
            forced=row.forced,
            wording=row.wording,
            manners=manners_of(row),
            schema=row.schema,
            fills=fills_of(row),
            former=tuple(row.former),
        )

    def _champion(self, row: Row[Any]) -> Champion | None:
        if row.student_id is None:
            return None
        return Champion(
            student_id=row.student_id,
            candidate_id=row.candidate_id,
            artifact=row.artifact,
            slice=slice_of(row),
            known_disagreements=frozenset(Predictions(self._db).known_disagreements(row.student_id)),
        )
