"""A data directory with a past: a task that was found in its log, and a student that the real trainer made of it."""

import shutil
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from shadowbert.bootstrap.storage import open_store, prepare_store
from shadowbert.bootstrap.working import Stations, open_operations, open_stations
from shadowbert.domain.exchange import Exchange
from shadowbert.domain.records import VersionRow
from shadowbert.flow.operate import Operator
from shadowbert.sections import Settings
from shadowbert.store.store import StoreSink
from shadowbert.testing.completions import Completion, whole
from shadowbert.testing.exchanges import an_exchange
from shadowbert.worker.shelf import StudentShelf
from shadowbert.worker.trainer import ChildTrainer
from tests.e2e.calls import TASK, Teacher, asked, message
from tests.e2e.tree import until

EXAMPLES = 60
FIRST = 1_000_000
"""Numbers that the seed's own messages never reach: calls of tests on inputs that no student was trained on."""


def settings(data_dir: Path, **student: object) -> Settings:
    given = {"data_dir": data_dir, "training": {"first": EXAMPLES}, "policy": {"target": 0.8}, "student": student}
    return Settings.model_validate(given)


def grow(data_dir: Path) -> None:
    """The small task of `calls`."""
    raised = [answered(asked(n), Teacher()(message(n), {}), n) for n in range(EXAMPLES)]
    assert teach(settings(data_dir), raised).task == TASK


def teach(given: Settings, exchanges: Sequence[Exchange]) -> VersionRow:
    """Through the real loader's sink, collect and the training child; without a server."""
    prepare_store(given)
    with open_store(given) as store, ChildTrainer() as trainer:
        StoreSink(store).load("seed", start=0, end=1, exchanges=exchanges)
        stations = open_stations(given, store, trainer=trainer, shelf=StudentShelf())
        until(lambda: _trained(stations))
        with store.read() as work:
            (version,) = work.tasks.versions()
            job, students = work.jobs.latest(version.id), work.students.of_version(version.id)
    assert students, job
    return version


def _trained(stations: Stations) -> bool:
    stations.collect.step()
    return not stations.train.step()


def answered(arguments: Mapping[str, object], answer: Mapping[str, object], n: int) -> Exchange:
    """Call n with the teacher's answer, as the journal holds it."""
    reply = whole(Completion(orjson.dumps(answer).decode(), number=n, prompt_tokens=20))
    request = orjson.dumps(arguments)
    return an_exchange(
        received_at=time.time(),
        request_body=request,
        response_body=reply,
        request_bytes=len(request),
        response_bytes=len(reply),
    )


def transplant(grown: Path, data_dir: Path) -> Path:
    """A copy with artifacts of its own, at which the gate has just looked."""
    shutil.copytree(grown, data_dir)
    database = sqlite3.connect(data_dir / "shadowbert.db")
    with database:
        moved = "UPDATE students SET artifact = replace(artifact, ?, ?)"
        database.execute(moved, (str(grown.resolve()), str(data_dir.resolve())))
    database.close()
    look(data_dir)
    return data_dir


def look(data_dir: Path) -> None:
    """As the gate does: for the next ten minutes students may answer without a worker."""
    with open_store(settings(data_dir)) as store, store.write() as work:
        work.marks.set("gate", at=time.time())


def cut_over(data_dir: Path, task: str = TASK) -> None:
    """By force, before the server starts."""
    with open_store(settings(data_dir)) as store:
        open_operations(settings(data_dir), store).operate.cutover(task, Operator("a test"), force=True)


def students(data_dir: Path) -> list[Path]:
    return sorted((data_dir / "students").iterdir())
