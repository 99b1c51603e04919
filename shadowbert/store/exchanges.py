"""Exchanges and their payloads: written by the loader, read once in load sequence by collect."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from shadowbert.domain.evidence import Unanswered
from shadowbert.domain.exchange import Endpoint, Exchange, Outcome
from shadowbert.domain.records import LoggedExchange
from shadowbert.domain.route import Decider, Source
from shadowbert.errors import StaleState
from shadowbert.store.base import LOAD_SEQ, Repository
from shadowbert.store.codec import prediction_from_json, prediction_to_json, source_of, squeeze, unsqueeze
from shadowbert.store.tables import exchanges, payloads, segments

CHECKING = [Decider.COIN.value, Decider.SHARE.value, Decider.STUDENT.value]
"""Who sent audits, the calls outside the canary's share, and escalations: their callers might have been served."""
LATEST = 20


class Exchanges(Repository):
    def offset(self, segment: str) -> int:
        value = self._db.execute(select(segments.c.bytes_loaded).where(segments.c.name == segment)).scalar()
        return int(value or 0)

    def load(self, segment: str, *, start: int, end: int, batch: Sequence[Exchange]) -> int:
        """Insert what is new in load sequence and move the segment's offset. Raises StaleState; see ExchangeSink."""
        last = self._take(LOAD_SEQ, len(batch))  # first: this lock makes loaders take turns
        self._move_offset(segment, start=start, end=end)
        known = set(self._db.execute(select(exchanges.c.id).where(exchanges.c.id.in_([e.id for e in batch]))).scalars())
        new = {e.id: e for e in batch if e.id not in known}
        numbered = list(zip(new.values(), range(last - len(new) + 1, last + 1), strict=True))
        if numbered:
            self._db.execute(insert(exchanges), [_row(exchange, seq) for exchange, seq in numbered])
        kept = [_payload(e) for e, _ in numbered if e.request_body is not None or e.response_body is not None]
        if kept:
            self._db.execute(insert(payloads), kept)
        return len(numbered)

    def _move_offset(self, segment: str, *, start: int, end: int) -> None:
        if start == 0 and self.offset(segment) == 0:
            self._db.execute(delete(segments).where(segments.c.name == segment))
            self._db.execute(insert(segments), [{"name": segment, "bytes_loaded": end}])
            return
        at_start = (segments.c.name == segment) & (segments.c.bytes_loaded == start)
        if self._db.execute(update(segments).where(at_start).values(bytes_loaded=end)).rowcount != 1:
            raise StaleState(f"segment {segment} was moved on from {start} by another loader")

    def after(self, seq: int, *, limit: int) -> list[LoggedExchange]:
        """Observed exchanges after a load sequence, oldest first, with their payloads."""
        query = (
            select(exchanges, payloads.c.request, payloads.c.response)
            .outerjoin(payloads, payloads.c.exchange_id == exchanges.c.id)
            .where(exchanges.c.seq > seq, exchanges.c.endpoint.is_not(None))
            .order_by(exchanges.c.seq)
            .limit(limit)
        )
        return [_logged(row) for row in self._db.execute(query)]

    def by_ids(self, ids: Sequence[str]) -> list[LoggedExchange]:
        query = (
            select(exchanges, payloads.c.request, payloads.c.response)
            .outerjoin(payloads, payloads.c.exchange_id == exchanges.c.id)
            .where(exchanges.c.id.in_(ids))
            .order_by(exchanges.c.seq)
        )
        return [_logged(row) for row in self._db.execute(query)]

    def last_seq(self) -> int:
        return self._counter(LOAD_SEQ)

    def unanswered(self, version_id: str, after: int) -> Unanswered:
        """After a load sequence. Any whole reply without an error is an answer, whoever asked for it."""
        seq, mine = exchanges.c.seq, _of(version_id, Source.LLM) & (exchanges.c.seq > after)
        whole = (exchanges.c.outcome == Outcome.COMPLETE.value) & (exchanges.c.status < 400)
        answered = self._db.execute(select(seq).where(mine, whole).order_by(seq.desc()).limit(1)).scalar() or 0
        failed = mine & (seq > answered) & exchanges.c.decider.in_(CHECKING)
        at = exchanges.c.received_at
        figures = select(func.count(), func.min(seq), func.min(at), func.max(at)).where(failed)
        calls, first, since, until = self._db.execute(figures).one()
        latest = select(exchanges.c.status).where(failed).order_by(seq.desc()).limit(LATEST)
        statuses = tuple(self._db.execute(latest).scalars())
        return Unanswered(int(calls), first or 0, since or 0.0, until or 0.0, statuses, int(answered))

    def local_answers(self, version_id: str, after: int) -> int:
        """How many calls of the version its student answered after a load sequence."""
        mine = _of(version_id, Source.STUDENT) & (exchanges.c.seq > after)
        return int(self._db.execute(select(func.count()).where(mine)).scalar_one())

    def forget_payloads(self, before: float) -> int:
        """Drop the bodies of exchanges received before a time; their rows and agreements stay."""
        old = select(exchanges.c.id).where(exchanges.c.received_at < before)
        return self._db.execute(delete(payloads).where(payloads.c.exchange_id.in_(old))).rowcount

    def forget_rows(self, before: float) -> int:
        """Drop exchanges received before a time, with their calls; predictions stay: they are evidence."""
        return self._db.execute(delete(exchanges).where(exchanges.c.received_at < before)).rowcount


def _of(version_id: str, source: Source) -> Any:  # noqa: ANN401 - a SQL condition
    return (exchanges.c.version_id == version_id) & (exchanges.c.source == source.value)


def _row(exchange: Exchange, seq: int) -> dict[str, Any]:
    call = exchange.call
    return {
        "id": exchange.id,
        "seq": seq,
        "received_at": exchange.received_at,
        "tenant": exchange.tenant,
        "method": exchange.method,
        "path": exchange.path,
        "endpoint": exchange.endpoint.value if exchange.endpoint else None,
        "upstream": exchange.upstream,
        "deployment": exchange.deployment,
        "status": exchange.status,
        "outcome": exchange.outcome.value,
        "source": exchange.route.source.value,
        "reason": exchange.route.reason.value,
        "decider": exchange.route.decider.value,
        "p_llm": exchange.route.p_llm,
        "first_byte_ms": exchange.first_byte_ms,
        "total_ms": exchange.total_ms,
        "request_bytes": exchange.request_bytes,
        "response_bytes": exchange.response_bytes,
        "response_type": exchange.response_type,
        "response_encoding": exchange.response_encoding,
        "explicit_task": exchange.explicit_task,
        "retry_count": exchange.retry_count,
        "client": exchange.client,
        "version_id": call.version_id if call else None,
        "input_hash": call.input_hash if call else None,
        "eligible": bool(call and call.eligible),
        "prediction": prediction_to_json(exchange.prediction),
        "caller": exchange.caller,
    }


def _payload(exchange: Exchange) -> dict[str, Any]:
    return {
        "exchange_id": exchange.id,
        "request": squeeze(exchange.request_body),
        "response": squeeze(exchange.response_body),
    }


def _logged(row: Row[Any]) -> LoggedExchange:
    source, decider = source_of(row)
    return LoggedExchange(
        id=row.id,
        seq=row.seq,
        tenant=row.tenant,
        endpoint=None if row.endpoint is None else Endpoint(row.endpoint),
        upstream=row.upstream,
        deployment=row.deployment,
        received_at=row.received_at,
        status=row.status,
        outcome=row.outcome,
        source=Source(source),
        decider=decider,
        p_llm=row.p_llm,
        explicit_task=row.explicit_task,
        retry_count=row.retry_count,
        eligible=row.eligible,
        noted_version=row.version_id,
        prediction=prediction_from_json(row.prediction),
        request=unsqueeze(row.request),
        response=unsqueeze(row.response),
        response_type=row.response_type,
        response_encoding=row.response_encoding,
        total_ms=row.total_ms,
        caller=row.caller,
    )
