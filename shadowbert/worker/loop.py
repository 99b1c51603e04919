"""The background loop: one worker per store walks its stations, round after round.

The worker's border stands here: whatever a station raises, the round goes on with the next one and says so.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from shadowbert.bootstrap.working import Stations
from shadowbert.errors import StoreError
from shadowbert.store.store import Store

log = logging.getLogger(__name__)

LEASE = "worker"
IDLE = "idle"


@dataclass(slots=True)
class WorkerLoop:
    """Runs until `stop` is set. Only the holder of the lease works; another one waits its turn."""

    store: Store
    stations: Stations
    holder: str
    poll_s: float
    lease_s: float
    stop: threading.Event = field(default_factory=threading.Event)
    clock: Callable[[], float] = time.time

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                busy = self._turn()
                self.stop.wait(0.0 if busy else self.poll_s)
        finally:
            self.stations.train.stop()
            self._give_back()

    def _turn(self) -> bool:
        """A round where the lease is ours. A store that is locked or away is waited for."""
        try:
            return self._holds() and self.round()
        except StoreError as error:
            log.warning("the store is waited for: %s", error)
            return False

    def round(self) -> bool:
        """One pass over the stations. True when there may be more to do at once.

        The gate looks only at evidence that is complete: where collect or shadow failed it does not look at all, and
        when that lasts, the web processes stop answering locally (`llm:unwatched`).
        """
        with self.store.read() as work:
            seen = work.exchanges.last_seq()
        stations = self.stations
        collected = self._guarded("collect", stations.collect.step)
        training = self._guarded("train", stations.train.step)
        predicted = self._guarded("shadow", stations.shadow.step)
        sighted = collected is not None and predicted is not None
        moved = self._guarded("promote", stations.promote.step) if sighted else None
        self._guarded("unaudited", stations.unaudited.step)
        self._guarded("retain", stations.retain.step)
        self._guarded("alarm", stations.alarm.step)
        self._guarded("delivery", stations.delivery.step)
        if sighted and not (collected or training or predicted or moved):
            with self.store.write() as work:
                work.marks.set(IDLE, seq=seen, at=self.clock())
        return bool(collected or predicted or moved)

    def _guarded(self, name: str, step: Callable[[], int | bool]) -> int | bool | None:
        """None where the station failed."""
        try:
            return step()
        except Exception:  # the worker's border: one station's fault must not stop the others
            log.exception("station %s failed; it is tried again in the next round", name)
            return None

    def _holds(self) -> bool:
        with self.store.write() as work:
            return work.leases.take(LEASE, self.holder, now=self.clock(), seconds=self.lease_s)

    def _give_back(self) -> None:
        try:
            with self.store.write() as work:
                work.leases.give_back(LEASE, self.holder)
        except StoreError as error:
            log.warning("the worker's lease could not be given back: %s", error)
