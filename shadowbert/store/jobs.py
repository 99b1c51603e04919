"""Training jobs, leases and marks: who works on what, and how far everybody got."""

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from shadowbert.domain.ids import uuid7
from shadowbert.domain.records import Progress, TrainingJob
from shadowbert.store.base import Repository
from shadowbert.store.tables import jobs, leases, marks

OPEN = ("queued", "running")


class Jobs(Repository):
    def queue(self, version_id: str, *, cause: str, at: float, waits_for: int = 0) -> TrainingJob:
        """Ask for a training that may start when there are so many examples. An open one of the same version serves as
        well; where it would wait longer, it takes this one's cause and waits no longer than this one.
        """
        where = (jobs.c.version_id == version_id) & jobs.c.state.in_(OPEN)
        row = self._db.execute(select(jobs).where(where)).first()
        if row is not None and row.waits_for <= waits_for:
            return _job(row)
        if row is not None:
            values = {"cause": cause, "waits_for": waits_for}
            self._db.execute(update(jobs).where(jobs.c.id == row.id).values(values))
            return replace(_job(row), cause=cause, waits_for=waits_for)
        job = TrainingJob(
            id=uuid7(), version_id=version_id, state="queued", cause=cause, created_at=at, waits_for=waits_for
        )
        self._db.execute(insert(jobs), [{name: getattr(job, name) for name in jobs.c.keys() if name != "finished_at"}])  # noqa: SIM118 - columns, no dict
        return job

    def next(self) -> TrainingJob | None:
        """The oldest open job that waits for nothing. One left `running` by a worker that died is taken up again."""
        ready = jobs.c.state.in_(OPEN) & (jobs.c.waits_for == 0)
        row = self._db.execute(select(jobs).where(ready).order_by(jobs.c.created_at, jobs.c.id)).first()
        return _job(row) if row else None

    def start(self, job_id: str, *, examples: int) -> None:
        values = {"state": "running", "examples": examples, "attempts": jobs.c.attempts + 1, "progress": None}
        self._db.execute(update(jobs).where(jobs.c.id == job_id).values(values))

    def note(self, job_id: str, progress: Progress) -> None:
        self._db.execute(update(jobs).where(jobs.c.id == job_id).values(progress=asdict(progress)))

    def finish(self, job_id: str, *, state: str, message: str, at: float) -> None:
        values = {"state": state, "message": message, "finished_at": at, "progress": None}
        self._db.execute(update(jobs).where(jobs.c.id == job_id).values(values))

    def cancel(self, job_id: str, *, examples: int, message: str, at: float) -> None:
        """Over for good. The next doubling counts on from these examples, as after any training."""
        self._db.execute(update(jobs).where(jobs.c.id == job_id).values(examples=examples))
        self.finish(job_id, state="cancelled", message=message, at=at)

    def get(self, job_id: str) -> TrainingJob | None:
        row = self._db.execute(select(jobs).where(jobs.c.id == job_id)).first()
        return _job(row) if row else None

    def last_size(self, version_id: str) -> int:
        """Examples of the largest training that ended, whether it published, failed or was cancelled."""
        query = select(func.max(jobs.c.examples)).where(jobs.c.version_id == version_id, jobs.c.state.not_in(OPEN))
        return int(self._db.execute(query).scalar() or 0)

    def latest(self, version_id: str) -> TrainingJob | None:
        query = select(jobs).where(jobs.c.version_id == version_id).order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
        row = self._db.execute(query).first()
        return _job(row) if row else None

    def open_count(self) -> int:
        return int(self._db.execute(select(func.count()).where(jobs.c.state.in_(OPEN))).scalar_one())


class Leases(Repository):
    def take(self, name: str, holder: str, *, now: float, seconds: float) -> bool:
        """Take or renew a lease. False while another holder's has not run out."""
        mine = (leases.c.holder == holder) | (leases.c.expires_at <= now)
        values = {"holder": holder, "expires_at": now + seconds}
        if self._db.execute(update(leases).where(leases.c.name == name, mine).values(values)).rowcount:
            return True
        return self._insert_first(leases, {"name": name, **values})

    def give_back(self, name: str, holder: str) -> None:
        self._db.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))

    def holder(self, name: str, *, now: float) -> str | None:
        row = self._db.execute(select(leases).where(leases.c.name == name)).first()
        return row.holder if row is not None and row.expires_at > now else None


class Marks(Repository):
    """Named points: how far a station has come (seq) and when it last looked (at)."""

    def seq(self, name: str) -> int:
        return int(self._db.execute(select(marks.c.seq).where(marks.c.name == name)).scalar() or 0)

    def at(self, name: str) -> float | None:
        return self._db.execute(select(marks.c.at).where(marks.c.name == name)).scalar()

    def note(self, name: str) -> str | None:
        return self._db.execute(select(marks.c.note).where(marks.c.name == name)).scalar()

    def set(self, name: str, *, seq: int | None = None, at: float | None = None, note: str | None = None) -> None:
        values: dict[str, Any] = {"seq": seq, "at": at, "note": note}
        kept = {key: value for key, value in values.items() if value is not None}
        change = update(marks).where(marks.c.name == name).values(kept)
        if self._db.execute(change).rowcount == 0 and not self._insert_first(marks, {"name": name, **kept}):
            self._db.execute(change)


def _job(row: Row[Any]) -> TrainingJob:
    return TrainingJob(
        id=row.id,
        version_id=row.version_id,
        state=row.state,
        cause=row.cause,
        created_at=row.created_at,
        examples=row.examples,
        attempts=row.attempts,
        message=row.message,
        waits_for=row.waits_for,
        progress=Progress(**row.progress) if row.progress else None,
    )
