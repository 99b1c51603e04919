"""Tasks and their versions. A version's state changes only through `move`: one compare-and-swap and one verdict."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, update

from shadowbert.domain.contract import Contract, Fills
from shadowbert.domain.evidence import Move, Ruling, Transition, Verdict
from shadowbert.domain.manner import Manners
from shadowbert.domain.records import Inherited, VerdictRow, VersionRow
from shadowbert.domain.task import Stage
from shadowbert.domain.template import Skeleton
from shadowbert.errors import StaleState
from shadowbert.store.base import LOAD_SEQ, Repository
from shadowbert.store.codec import fills_of, manners_of
from shadowbert.store.tables import NAME_LENGTH, tasks, verdicts, versions
from shadowbert.store.types import fitted


class Tasks(Repository):
    def found(self, version: VersionRow) -> None:
        """Publish a new version, with its task where that is new too."""
        if self._db.execute(select(tasks.c.id).where(tasks.c.id == version.task_id)).first() is None:
            self._db.execute(
                insert(tasks),
                [
                    {
                        "id": version.task_id,
                        "tenant": version.tenant,
                        "name": version.task,
                        "created_at": version.created_at,
                        "former": [],
                        "pinned": False,
                    }
                ],
            )
        self._db.execute(insert(versions), [_founding(version)])
        self.touch()

    def task_id(self, tenant: str, name: str) -> str | None:
        """The task that is called so, else the one that was."""
        wanted = fitted(name, NAME_LENGTH)
        rows = self._db.execute(select(tasks).where(tasks.c.tenant == tenant)).all()
        present = (row.id for row in rows if row.name == wanted)
        return next(present, next((row.id for row in rows if wanted in row.former), None))

    def names(self, tenant: str) -> set[str]:
        return set(self._db.execute(select(tasks.c.name).where(tasks.c.tenant == tenant)).scalars())

    def versions(self) -> list[VersionRow]:
        """All versions, oldest first."""
        return [_version(row) for row in self._db.execute(_joined().order_by(versions.c.created_at, versions.c.id))]

    def version(self, version_id: str) -> VersionRow | None:
        row = self._db.execute(_joined().where(versions.c.id == version_id)).first()
        return _version(row) if row else None

    def of_task(self, name: str) -> list[VersionRow]:
        """The versions of the task with this name, newest last; of the one that had it, where none has."""
        wanted, known = fitted(name, NAME_LENGTH), self.versions()
        return [v for v in known if v.task == wanted] or [v for v in known if wanted in v.former]

    def move(self, version: VersionRow, verdict: Verdict, to: Transition) -> VersionRow:
        """Change the state that `version` shows, if it is still so, and append the verdict that caused it.

        Raises StaleState when somebody else moved the version first.
        """
        seq = self._counter(LOAD_SEQ)
        values = {
            "stage": to.stage.value,
            "share": to.share,
            "candidate_id": to.candidate_id,
            "forced": to.forced,
            "held": to.held,
            "unaudited": to.unaudited,
            "frozen": to.frozen,
            "alarms_off": to.alarms_off,
            "epoch": version.epoch + 1,
            "stage_seq": version.stage_seq if version.stays(to.stage, to.share, to.candidate_id) else seq,
        }
        unchanged = (versions.c.id == version.id) & (versions.c.epoch == version.epoch)
        if self._db.execute(update(versions).where(unchanged).values(**values)).rowcount != 1:
            raise StaleState(f"task {version.task} moved on while this was decided; look again and repeat it")
        self._db.execute(insert(verdicts), [_verdict(version, verdict, to, seq)])
        self.touch()
        moved = self.version(version.id)
        if moved is None:
            raise StaleState(f"task {version.task} is gone")
        return moved

    def set_audit_rate(self, version_id: str, rate: float | None) -> None:
        self._db.execute(update(versions).where(versions.c.id == version_id).values(audit_rate=rate))
        self.touch()

    def set_manners(self, version_id: str, reply_model: str | None, manners: Manners) -> None:
        """How the teacher signs and writes its replies now."""
        written = {form: manner.to_json() for form, manner in manners.items()}
        changes = {"reply_model": reply_model, "manners": written}
        self._db.execute(update(versions).where(versions.c.id == version_id).values(**changes))
        self.touch()

    def confirm(self, version_id: str) -> None:
        """An operator says that the inferred contract is right."""
        self._db.execute(update(versions).where(versions.c.id == version_id).values(confirmed=True))
        self.touch()

    def set_fills(self, version_id: str, fills: Fills) -> None:
        """What an operator puts in the place of what no student can say."""
        written = {name: fill.to_json() for name, fill in fills.items()}
        self._db.execute(update(versions).where(versions.c.id == version_id).values(fills=written))
        self.touch()

    def set_inherits(self, version_id: str, inherits: Sequence[Inherited]) -> None:
        """Whose examples teach its students too."""
        written = [[kept.version_id, kept.until_seq] for kept in inherits]
        self._db.execute(update(versions).where(versions.c.id == version_id).values(inherits=written))
        self.touch()

    def replace(self, version_id: str, by: str) -> None:
        """An operator has put another version in this one's place."""
        self._db.execute(update(versions).where(versions.c.id == version_id).values(replaced_by=by))
        self.touch()

    def champion_since(self, version_id: str, candidate_id: str) -> int:
        """The load sequence at which this candidate last became the champion."""
        query = (
            select(verdicts.c.champion_after, verdicts.c.at_seq)
            .where(verdicts.c.version_id == version_id)
            .order_by(verdicts.c.id.desc())
        )
        since = 0
        for champion, seq in self._db.execute(query):
            if champion != candidate_id:
                break
            since = seq
        return since

    def verdicts(self, version_ids: Sequence[str], *, limit: int = 1000) -> list[VerdictRow]:
        """The latest verdicts of these versions, oldest first."""
        query = (
            select(verdicts).where(verdicts.c.version_id.in_(version_ids)).order_by(verdicts.c.id.desc()).limit(limit)
        )
        return [_verdict_row(row) for row in reversed(self._db.execute(query).all())]

    def stage_since(self, version: VersionRow) -> float:
        """When the present stage and share began."""
        began = (verdicts.c.version_id == version.id) & (verdicts.c.at_seq >= version.stage_seq)
        since = self._db.execute(select(func.min(verdicts.c.at)).where(began)).scalar()
        return version.created_at if since is None else float(since)

    def unaudited(self, version: VersionRow) -> list[VerdictRow]:
        """The verdicts since it is unaudited, oldest first; none where somebody checks it."""
        mine = (verdicts.c.version_id == version.id) & (verdicts.c.unaudited == version.unaudited)
        rows = self._db.execute(select(verdicts).where(mine, verdicts.c.unaudited.is_not(None)).order_by(verdicts.c.id))
        return [_verdict_row(row) for row in rows]

    def verdicts_after(self, verdict_id: int, *, limit: int) -> list[VerdictRow]:
        """Of any version, in the order in which they were passed."""
        query = select(verdicts).where(verdicts.c.id > verdict_id).order_by(verdicts.c.id).limit(limit)
        return [_verdict_row(row) for row in self._db.execute(query)]


def _joined() -> Select[Any]:
    columns = [column for column in versions.c if column.name != "id"]
    task = (tasks.c.name, tasks.c.tenant, tasks.c.former, tasks.c.pinned)
    return select(versions.c.id.label("id"), *task, *columns).join(tasks)


def _founding(version: VersionRow) -> dict[str, Any]:
    return {
        "id": version.id,
        "task_id": version.task_id,
        "teacher": version.teacher,
        "contract": version.contract.to_json(),
        "skeleton": version.skeleton.to_json(),
        "created_at": version.created_at,
        "stage": version.stage.value,
        "share": version.share,
        "epoch": version.epoch,
        "stage_seq": version.stage_seq,
        "candidate_id": None,
        "forced": False,
        "held": False,
        "wording": version.wording,
        "manners": {form: manner.to_json() for form, manner in version.manners.items()},
        "schema": version.schema,
        "confirmed": version.confirmed,
        "fills": {name: fill.to_json() for name, fill in version.fills.items()},
        "replaced_by": version.replaced_by,
        "inherits": [[kept.version_id, kept.until_seq] for kept in version.inherits],
    }


def _version(row: Row[Any]) -> VersionRow:
    return VersionRow(
        id=row.id,
        task_id=row.task_id,
        task=row.name,
        tenant=row.tenant,
        teacher=row.teacher,
        contract=Contract.from_json(row.contract),
        skeleton=Skeleton.from_json(row.skeleton),
        stage=Stage(row.stage),
        share=row.share,
        epoch=row.epoch,
        stage_seq=row.stage_seq,
        candidate_id=row.candidate_id,
        forced=row.forced,
        held=row.held,
        created_at=row.created_at,
        reply_model=row.reply_model,
        audit_rate=row.audit_rate,
        wording=row.wording,
        manners=manners_of(row),
        schema=row.schema,
        confirmed=row.confirmed,
        fills=fills_of(row),
        former=tuple(row.former),
        pinned=row.pinned,
        replaced_by=row.replaced_by,
        inherits=tuple(Inherited(version_id, until_seq) for version_id, until_seq in row.inherits),
        unaudited=row.unaudited,
        frozen=row.frozen,
        alarms_off=row.alarms_off,
    )


def _verdict(version: VersionRow, verdict: Verdict, to: Transition, seq: int) -> dict[str, Any]:
    return {
        "version_id": version.id,
        "candidate_id": to.candidate_id or version.candidate_id,
        "at": to.at,
        "at_seq": seq,
        "ruling": verdict.ruling.value,
        "move": verdict.move.value,
        "reason": verdict.reason,
        "missing": verdict.missing,
        "stage_before": version.stage.value,
        "stage_after": to.stage.value,
        "share_after": to.share,
        "champion_after": to.candidate_id,
        "epoch": version.epoch + 1,
        "forced": to.forced,
        "held": to.held,
        "unaudited": to.unaudited,
        "frozen": to.frozen,
        "alarms_off": to.alarms_off,
        "by": to.by,
        "why": to.why,
        "numbers": verdict.numbers,
    }


def _verdict_row(row: Row[Any]) -> VerdictRow:
    return VerdictRow(
        id=row.id,
        version_id=row.version_id,
        candidate_id=row.candidate_id,
        at=row.at,
        stage_before=Stage(row.stage_before),
        epoch=row.epoch,
        by=row.by,
        why=row.why,
        verdict=Verdict(
            ruling=Ruling(row.ruling),
            move=Move(row.move),
            reason=row.reason,
            missing=row.missing,
            stage=Stage(row.stage_after),
            share=row.share_after,
            numbers=row.numbers,
        ),
        champion=row.champion_after,
        forced=row.forced,
        held=row.held,
        seq=row.at_seq,
        unaudited=row.unaudited,
        frozen=row.frozen,
        alarms_off=row.alarms_off,
    )
