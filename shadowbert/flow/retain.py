"""The station that forgets: bodies after one time, rows after a longer one. Evidence outlives both."""

from collections.abc import Callable
from dataclasses import dataclass

from shadowbert.flow.ledger import Ledger

DAY = 86_400.0
MARK = "retain"


@dataclass(frozen=True, slots=True)
class Retain:
    """Zero days keep for ever."""

    ledger: Ledger
    payload_days: int
    rows_days: int
    clock: Callable[[], float]

    def step(self) -> int:
        """Forget what is due, at most once an hour. Returns the number of rows dropped."""
        now = self.clock()
        with self.ledger.read() as work:
            last = work.marks.at(MARK)
        if last is not None and now - last < DAY / 24:
            return 0
        with self.ledger.write() as work:
            work.marks.set(MARK, at=now)
            dropped = work.exchanges.forget_payloads(now - self.payload_days * DAY) if self.payload_days else 0
            return dropped + (work.exchanges.forget_rows(now - self.rows_days * DAY) if self.rows_days else 0)
