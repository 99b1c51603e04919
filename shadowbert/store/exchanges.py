"""Exchanges and their payloads: written by the loader, read once in load sequence by collect."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from shadowbert.domain.exchange import Endpoint, Exchange
from shadowbert.domain.records import LoggedExchange
from shadowbert.domain.route import Source
from shadowbert.errors import StaleState
from shadowbert.store.base import LOAD_SEQ, Repository
from shadowbert.store.codec import prediction_from_json, prediction_to_json, source_of, squeeze, unsqueeze
from shadowbert.store.tables import exchanges, payloads, segments


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

    def forget_payloads(self, before: float) -> int:
        """Drop the bodies of exchanges received before a time; their rows and agreements stay."""
        old = select(exchanges.c.id).where(exchanges.c.received_at < before)
        return self._db.execute(delete(payloads).where(payloads.c.exchange_id.in_(old))).rowcount

    def forget_rows(self, before: float) -> int:
        """Drop exchanges received before a time, with their calls; predictions stay: they are evidence."""
        return self._db.execute(delete(exchanges).where(exchanges.c.received_at < before)).rowcount


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
