"""Read models for people: counts and medians for the CLI, the dashboard and the demonstration."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import String, case, func, literal, select

from shadowbert.domain.route import Source
from shadowbert.store.base import Repository
from shadowbert.store.tables import calls, exchanges, predictions, stray_groups, strays

OUTDATED = "outdated"
"""In the place of a route's reason, which would tell why the LLM or a student answered, and not why nothing matches."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls of one version by who answered, and why the LLM did where it did."""

    student: int
    llm: int
    reasons: dict[str, int]

    @property
    def total(self) -> int:
        return self.student + self.llm


@dataclass(frozen=True, slots=True)
class Share:
    """Observed exchanges of one route reason: calls of versions, or of none."""

    reason: str
    recognised: bool
    exchanges: int
    first_at: float
    last_at: float


@dataclass(frozen=True, slots=True)
class Group:
    """Strays that may found a version together; `why` is None where nobody has looked yet. `example` is the latest."""

    key: str
    strays: int
    why: str | None
    note: str
    looked_at: float | None
    example: str
    client: str
    last_at: float


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

    def recognised(self, version_id: str) -> int:
        """How many calls are the version's now, whoever it was that they were asked of when they came."""
        query = select(func.count()).select_from(calls).where(calls.c.version_id == version_id)
        return int(self._db.execute(query).scalar_one())

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

    def shares(self, after: int, until: int) -> Sequence[Share]:
        """The observed exchanges of a range of load sequences, by reason and by whether they are calls of a version.

        One pass over the range by the index on `seq`, with a look into the primary key of `calls` for each row: as a
        join, PostgreSQL would read all calls there are. What a version was asked and is no call of any now, since an
        operator edited the template in between, is OUTDATED.
        """
        call = select(calls.c.seq).where(calls.c.exchange_id == exchanges.c.id).scalar_subquery()
        reason = case((exchanges.c.version_id.is_not(None), literal(OUTDATED, String)), else_=exchanges.c.reason)
        seen = (
            select(reason.label("reason"), exchanges.c.received_at.label("at"), call.is_not(None).label("known"))
            .where(exchanges.c.seq > after, exchanges.c.seq <= until, exchanges.c.endpoint.is_not(None))
            .subquery()
        )
        counts = func.count(), func.min(seen.c.at), func.max(seen.c.at)
        query = select(seen.c.reason, seen.c.known, *counts).group_by(seen.c.reason, seen.c.known)
        return [Share(reason, bool(is_call), int(n), *times) for reason, is_call, n, *times in self._db.execute(query)]

    def groups(self, *, limit: int) -> Sequence[Group]:
        """The groups of most strays."""
        size, last = func.count().label("size"), func.max(strays.c.seq).label("last")
        largest = (
            select(strays.c.group_key, size, last)
            .group_by(strays.c.group_key)
            .order_by(size.desc(), last.desc())
            .limit(limit)
            .subquery()
        )
        query = (
            select(largest, exchanges, stray_groups.c.why, stray_groups.c.note, stray_groups.c.looked_at)
            .join(exchanges, exchanges.c.seq == largest.c.last)
            .outerjoin(stray_groups, stray_groups.c.group_key == largest.c.group_key)
            .order_by(largest.c.size.desc(), largest.c.last.desc())
        )
        return [
            Group(row.group_key, row.size, row.why, row.note or "", row.looked_at, row.id, row.client, row.received_at)
            for row in self._db.execute(query)
        ]
