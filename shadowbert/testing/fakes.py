"""In-memory machines behind the answer path's ports, shipped for tests, the demonstration and first experiments."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shadowbert.domain.exchange import Exchange
from shadowbert.domain.records import Progress
from shadowbert.domain.student import Guess
from shadowbert.domain.task import PublishedVersion, StageTable
from shadowbert.errors import JournalError
from shadowbert.flow.train import TrainingResult


class MemoryJournal:
    """Keeps every row in a list; `full` makes it a disk without room."""

    def __init__(self) -> None:
        self.rows: list[Exchange] = []
        self.full = False

    def append(self, exchange: Exchange) -> None:
        if self.full:
            raise JournalError("no space left on device")
        self.rows.append(exchange)


class FixedStages:
    """A mirror that shows what it was last given, as old as it is told to be."""

    def __init__(self, versions: Sequence[PublishedVersion] = (), *, age: float = 0.0) -> None:
        self.seconds = age
        self._table = StageTable((), revision=0, gate_looked_at=None)
        self.show(*versions)

    def show(self, *versions: PublishedVersion) -> None:
        self._table = StageTable(versions, revision=self._table.revision + 1, gate_looked_at=time.time())

    def table(self) -> StageTable:
        return self._table

    def age(self) -> float:
        return self.seconds


class ScriptedPredictor:
    """Answers by a function of the text; may be slow, or fail with a given exception."""

    def __init__(self, answer: Callable[[str], Guess], *, seconds: float = 0.0) -> None:
        self.answer, self.seconds = answer, seconds
        self.failure: Exception | None = None
        self.asked: list[tuple[str, str]] = []
        """(student id, text) in order."""

    async def predict(self, student_id: str, text: str, *, deadline_ms: float) -> Guess:
        self.asked.append((student_id, text))
        if self.seconds:
            async with asyncio.timeout(deadline_ms / 1000):
                await asyncio.sleep(self.seconds)
        if self.failure is not None:
            raise self.failure
        return self.answer(text)


@dataclass(slots=True)
class ScriptedTraining:
    """Runs until it is told what came of it."""

    folder: Path
    artifact: Path
    outcome: TrainingResult | None = None
    stopped: bool = False
    said: Progress | None = None

    def result(self) -> TrainingResult | None:
        return self.outcome

    def progress(self) -> Progress | None:
        return self.said

    def stop(self) -> None:
        self.stopped = True


@dataclass(slots=True)
class ScriptedTrainer:
    """Trains nothing; keeps what was started, in order."""

    started: list[ScriptedTraining] = field(default_factory=list)

    def start(self, folder: Path, artifact: Path) -> ScriptedTraining:
        self.started.append(ScriptedTraining(folder, artifact))
        return self.started[-1]
