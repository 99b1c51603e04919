"""One exchange's row in the making: it is written exactly once, at the exchange's end. Decides nothing."""

import logging
import time
from collections import Counter
from dataclasses import dataclass, field

from shadowbert.domain.exchange import CallNote, Exchange, Outcome
from shadowbert.domain.ids import uuid7
from shadowbert.domain.route import Decider, Reason, Route, Source
from shadowbert.domain.student import Prediction
from shadowbert.errors import JournalError
from shadowbert.flow.incoming import Incoming, Wishes
from shadowbert.flow.ports import Headers, Journal
from shadowbert.flow.pseudonyms import NAMELESS, Pseudonyms

log = logging.getLogger(__name__)

REFUSED = frozenset({401, 403})
"""A caller that upstream does not know gets no room on our disk: only its metadata is kept."""

_UNDECIDED = Route(Source.LLM, Reason.NOT_OBSERVED, Decider.RULE)


@dataclass(slots=True)
class Tally:
    """What the answer path counts for metrics and health, since this process started."""

    routes: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    """Faults of ours on the answer path, by task and exception class."""
    rows_lost: int = 0
    refused_at: float | None = None
    """When (monotonic) the journal refused the latest row; None where it took it."""


class Record:
    """What is known so far of one exchange. `close` writes the row; every later `close` does nothing."""

    def __init__(self, incoming: Incoming, wishes: Wishes, *, tenant: str, limit: int) -> None:
        self.id = uuid7()
        self.received_at = time.time()
        self.incoming, self.wishes = incoming, wishes
        self.endpoint = incoming.endpoint
        self.upstream = incoming.upstream
        self.deployment = incoming.deployment or ""
        self.route = _UNDECIDED
        self.call: CallNote | None = None
        self.prediction: Prediction | None = None
        self.explicit_task = wishes.task
        self.keep = self.endpoint is not None and not wishes.no_log
        self.closed = False
        self._tenant, self._limit = tenant, limit
        self._started = time.perf_counter()
        self._first_byte_ms = 0.0
        self._status: int | None = None
        self._type = self._encoding = ""
        self._body: list[bytes] | None = []
        self._bytes = 0

    @property
    def started(self) -> bool:
        """Whether the client has been told a status."""
        return self._status is not None

    def elapsed_ms(self) -> float:
        return (time.perf_counter() - self._started) * 1000

    def head(self, status: int, headers: Headers) -> None:
        """The reply's first byte is about to go out."""
        self._status, self._first_byte_ms = status, self.elapsed_ms()
        self.keep = self.keep and status not in REFUSED
        if not self.keep:
            self._body = None
            return
        for name, value in headers:
            if name.lower() == b"content-type":
                self._type = value.decode("latin-1")
            elif name.lower() == b"content-encoding":
                self._encoding = value.decode("latin-1")

    def tee(self, chunk: bytes) -> None:
        self._bytes += len(chunk)
        if self._body is not None:
            self._body.append(chunk)
            if self._bytes > self._limit:
                self._body = None

    def exchange(self, outcome: Outcome, pseudonyms: Pseudonyms) -> Exchange:
        sent, keep = self.incoming.body, self.keep
        return Exchange(
            id=self.id,
            received_at=self.received_at,
            tenant=self._tenant,
            method=self.incoming.method,
            path=self.incoming.path,
            endpoint=self.endpoint,
            status=self._status,
            outcome=outcome,
            route=self.route,
            first_byte_ms=self._first_byte_ms,
            total_ms=self.elapsed_ms(),
            request_bytes=self.incoming.body_bytes,
            response_bytes=self._bytes,
            request_body=sent if keep and isinstance(sent, bytes) else None,
            response_body=b"".join(self._body) if keep and self._body is not None else None,
            response_encoding=self._encoding,
            response_type=self._type,
            explicit_task=self.explicit_task,
            retry_count=self.wishes.retry_count,
            client=self.wishes.client,
            call=self.call if keep else None,
            prediction=self.prediction.noted() if keep and self.prediction else None,
            upstream=self.upstream,
            deployment=self.deployment,
            caller=pseudonyms.of(self.wishes) if keep else "",
        )


class Recorder:
    """Opens records and writes them. A row that the journal refuses is counted and never fails the call."""

    def __init__(
        self, journal: Journal, *, tenant: str = "default", limit: int, pseudonyms: Pseudonyms = NAMELESS
    ) -> None:
        self._journal, self._tenant, self._limit = journal, tenant, limit
        self._pseudonyms = pseudonyms
        self.tally = Tally()

    def open(self, incoming: Incoming, wishes: Wishes) -> Record:
        return Record(incoming, wishes, tenant=self._tenant, limit=self._limit)

    def close(self, record: Record, outcome: Outcome) -> None:
        if record.closed:
            return
        record.closed = True
        self.tally.routes[record.route.label] += 1
        self.tally.outcomes[outcome] += 1
        try:
            self._journal.append(record.exchange(outcome, self._pseudonyms))
        except JournalError as error:
            if not self.tally.rows_lost:
                log.error("the journal refuses rows: %s", type(error).__name__)  # noqa: TRY400 - no trace of content
            self.tally.rows_lost += 1
            self.tally.refused_at = time.monotonic()
        else:
            self.tally.refused_at = None
