"""How far the server is: read from its own store, through the read models that `shadowbert status` shows.

Refuses to change anything there.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from shadowbert.domain.task import Stage
from shadowbert.flow.collect import MARK as COLLECT
from shadowbert.flow.report import Report, TaskReport
from shadowbert.sections import Settings
from shadowbert.store.store import Store

UNDER_WAY = frozenset({"queued", "running"})


@dataclass(frozen=True, slots=True)
class Progress:
    loaded: int = 0
    """Calls in the table."""
    worked: int = 0
    """Calls in the table that every station of the worker has looked at."""
    task: TaskReport | None = None
    """None until the calls are recognised as a task."""

    @property
    def stage(self) -> Stage:
        return self.task.stage if self.task else Stage.COLLECTING

    @property
    def examples(self) -> int:
        return self.task.examples if self.task else 0

    @property
    def training(self) -> bool:
        job = self.task.training if self.task else None
        return job is not None and job.state in UNDER_WAY

    @property
    def student_awaited(self) -> bool:
        """Where one serves already, the next student is nothing to wait for."""
        return self.training and not self.stage.serves


class Lookout:
    """Looks at the store of a running server. `look` reads a database: it belongs on a thread."""

    def __init__(self, settings: Settings) -> None:
        self._store = Store(settings.store_url)
        self._report = Report(self._store, settings.default_policy, time.time)

    def look(self) -> Progress:
        task = max(self._report.tasks(), key=lambda task: task.examples, default=None)
        candidates = [candidate.id for candidate in task.candidates] if task else []
        return self._progress(task, candidates)

    def _progress(self, task: TaskReport | None, candidates: Sequence[str]) -> Progress:
        with self._store.read() as work:
            cursors = [work.candidates.cursor(candidate) for candidate in candidates]
            worked = min([work.marks.seq(COLLECT), *cursors])
            return Progress(loaded=work.exchanges.last_seq(), worked=worked, task=task)

    def close(self) -> None:
        self._store.close()
