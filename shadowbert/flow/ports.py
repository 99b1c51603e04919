"""What the answer path needs from machines, as Protocols; bootstrap assigns each machine to its port."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from shadowbert.domain.exchange import Exchange
from shadowbert.domain.student import Guess
from shadowbert.domain.task import StageTable

Headers = Sequence[tuple[bytes, bytes]]
"""Raw header pairs in order; names as received."""


@dataclass(frozen=True, slots=True)
class RelayRequest:
    """A client's request as it goes upstream. `target` is the raw path with the raw query, byte for byte."""

    method: str
    target: bytes
    headers: Headers
    body: bytes | AsyncIterator[bytes]
    upstream: str = ""
    """The name of the configured upstream; empty for the default one."""


class RelayReply(Protocol):
    """Upstream's reply: status and headers at once, the body as raw (still encoded) chunks."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Headers: ...
    def chunks(self) -> AsyncIterator[bytes]:
        """Raises UpstreamError when the reply breaks off."""
        ...


class Upstream(Protocol):
    def send(self, request: RelayRequest) -> AbstractAsyncContextManager[RelayReply]:
        """Leaving the context closes the connection unless the body was read to its end.

        Raises UpstreamUnreachable or UpstreamTimeout on entering.
        """
        ...


class Journal(Protocol):
    def append(self, exchange: Exchange) -> None:
        """One write; the row survives kill -9 once this returns. Raises JournalError (disk full)."""
        ...


class Predictor(Protocol):
    async def predict(self, student_id: str, text: str, *, deadline_ms: float) -> Guess:
        """Raises StudentBusy, ArtifactInvalid (student not loaded) or StudentError; TimeoutError at the deadline, also
        while the student is stuck.
        """
        ...


class StageSource(Protocol):
    def table(self) -> StageTable:
        """The latest mirror; no I/O."""
        ...

    def age(self) -> float:
        """Seconds since the mirror was last known to equal the store."""
        ...


class ExchangeSink(Protocol):
    """Where the loader puts what it read from the journal. Synchronous."""

    def offset(self, segment: str) -> int:
        """Bytes of this segment that are already in the store; 0 for an unknown one."""
        ...

    def load(self, segment: str, *, start: int, end: int, exchanges: Sequence[Exchange]) -> int:
        """In one transaction: insert what is not there yet (by exchange id), give each row the next load sequence,
        and move the segment's offset from `start` to `end`. Returns the number of new rows.

        Raises StaleState when the stored offset is not `start` (another loader was here).
        """
        ...
