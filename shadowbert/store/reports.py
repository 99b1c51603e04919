"""Read models for people: counts and medians for the CLI, the dashboard and the demonstration."""

from dataclasses import dataclass

from sqlalchemy import func, select

from shadowbert.domain.route import Source
from shadowbert.store.base import Repository
from shadowbert.store.tables import calls, exchanges, predictions


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls of one version by who answered, and why the LLM did where it did."""

    student: int
    llm: int
    reasons: dict[str, int]

    @property
    def total(self) -> int:
        return self.student + self.llm


class Reports(Repository):
    def traffic(self, version_id: str, *, after: int = 0) -> Traffic:
        query = (
            select(exchanges.c.source, exchanges.c.reason, func.count())
            .where(exchanges.c.version_id == version_id, exchanges.c.seq > after)
            .group_by(exchanges.c.source, exchanges.c.reason)
        )
        rows = self._db.execute(query).all()
        student = sum(n for source, _, n in rows if source == Source.STUDENT.value)
        reasons = {reason: int(n) for source, reason, n in rows if source == Source.LLM.value}
        return Traffic(student=int(student), llm=sum(reasons.values()), reasons=reasons)

    def latencies(self, version_id: str, source: Source, *, limit: int = 500) -> list[float]:
        """Milliseconds from request to end of the version's latest calls from this source, sorted."""
        query = (
            select(exchanges.c.total_ms)
            .where(exchanges.c.version_id == version_id, exchanges.c.source == source.value)
            .order_by(exchanges.c.seq.desc())
            .limit(limit)
        )
        return sorted(self._db.execute(query).scalars())

    def unfit(self, version_id: str) -> dict[str, int]:
        """Why calls of this version became no example."""
        query = (
            select(calls.c.unfit, func.count())
            .where(calls.c.version_id == version_id, calls.c.unfit.is_not(None))
            .group_by(calls.c.unfit)
        )
        return {str(reason): int(n) for reason, n in self._db.execute(query)}

    def agreements(self, candidate_id: str) -> list[bool]:
        """The candidate's uniform rows in the slice, in order: the curve on the page."""
        query = (
            select(predictions.c.agreed)
            .where(
                predictions.c.candidate_id == candidate_id,
                predictions.c.uniform_row,
                predictions.c.distinct_row,
                predictions.c.in_slice,
                predictions.c.agreed.is_not(None),
            )
            .order_by(predictions.c.seq)
        )
        return [bool(agreed) for agreed in self._db.execute(query).scalars()]

    def total_exchanges(self) -> int:
        return int(self._db.execute(select(func.count()).select_from(exchanges)).scalar_one())
