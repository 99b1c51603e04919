"""The worker's rounds on a real store."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from shadowbert.bootstrap.working import Stations, open_stations
from shadowbert.domain.student import Guess
from shadowbert.domain.task import Stage
from shadowbert.sections import Settings
from shadowbert.store.store import Store
from shadowbert.testing.exchanges import an_exchange
from shadowbert.testing.factories import sure
from shadowbert.testing.fakes import ScriptedTrainer
from shadowbert.testing.lineage import NOW, Lineage, found
from shadowbert.worker.loop import IDLE, LEASE, WorkerLoop


class Shelf:
    def guess(self, student_id: str, artifact: str, text: str) -> Guess:  # noqa: ARG002 - the port's
        return sure(text)


@dataclass
class Broken:
    """A station with a fault."""

    steps: int = 0

    def step(self) -> int:
        self.steps += 1
        raise ZeroDivisionError("a fault")


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def trainer() -> ScriptedTrainer:
    return ScriptedTrainer()


@pytest.fixture
def stations(sqlite_store: Store, trainer: ScriptedTrainer, tmp_path: Path) -> Stations:
    settings = Settings.model_validate({"data_dir": tmp_path, "training": {"first": 40}})
    return open_stations(settings, sqlite_store, trainer=trainer, shelf=Shelf(), clock=lambda: NOW)


@pytest.fixture
def worker(sqlite_store: Store, stations: Stations) -> WorkerLoop:
    return WorkerLoop(sqlite_store, stations, "here:1", poll_s=0.01, lease_s=60, clock=Clock())


def holder(store: Store) -> str | None:
    with store.read() as work:
        return work.leases.holder(LEASE, now=NOW)


@pytest.fixture
def running() -> Iterator[Callable[[WorkerLoop], threading.Thread]]:
    started: list[tuple[WorkerLoop, threading.Thread]] = []

    def start(worker: WorkerLoop) -> threading.Thread:
        thread = threading.Thread(target=worker.run)
        started.append((worker, thread))
        thread.start()
        return thread

    yield start
    for worker, thread in started:
        worker.stop.set()
        thread.join(10)
        assert not thread.is_alive()


def until(fact: Callable[[], Any]) -> None:
    """Wait for a fact, not for a time."""
    for _ in range(1000):
        if fact():
            return
        threading.Event().wait(0.01)
    pytest.fail("it never came")


def test_an_idle_round_says_how_much_it_has_seen(worker: WorkerLoop, sqlite_store: Store) -> None:
    with sqlite_store.write() as work:
        work.exchanges.load("segment", start=0, end=1, batch=[an_exchange(), an_exchange()])
    assert worker.round(), "two exchanges were read: there may be more"
    with sqlite_store.read() as work:
        assert work.marks.at(IDLE) is None
    assert not worker.round()
    with sqlite_store.read() as work:
        assert (work.marks.seq(IDLE), work.marks.at(IDLE)) == (2, NOW)
        assert work.marks.at("gate") == NOW


def test_a_training_alone_is_waited_for_without_haste(
    worker: WorkerLoop, sqlite_store: Store, trainer: ScriptedTrainer
) -> None:
    found(sqlite_store).calls(40)
    assert not worker.round() or not worker.round()
    assert len(trainer.started) == 1
    with sqlite_store.read() as work:
        assert work.marks.at(IDLE) is None, "it is not idle while a training runs"


@pytest.mark.parametrize("name", ["collect", "train", "shadow", "promote", "retain", "alarm", "delivery"])
def test_a_station_with_a_fault_does_not_stop_the_others(
    name: str, worker: WorkerLoop, sqlite_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    broken: Any = Broken()
    worker.stations = replace(worker.stations, **{name: broken})
    worker.round()
    worker.round()
    assert broken.steps == 2
    assert f"station {name} failed; it is tried again in the next round" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    with sqlite_store.read() as work:
        blind = name in ("collect", "shadow", "promote")
        assert (work.marks.at("gate") is None) is blind, "the gate looks at whole evidence only"


def test_one_worker_works_and_gives_its_lease_back(
    worker: WorkerLoop, stations: Stations, sqlite_store: Store, running: Callable[[WorkerLoop], threading.Thread]
) -> None:
    idle: Any = Broken()
    other = WorkerLoop(
        sqlite_store, replace(stations, collect=idle), "there:2", poll_s=0.01, lease_s=60, clock=worker.clock
    )
    thread = running(worker)
    until(lambda: holder(sqlite_store) == "here:1")
    running(other)
    worker.stop.wait(0.05)
    assert idle.steps == 0
    worker.stop.set()
    thread.join(10)
    until(lambda: holder(sqlite_store) == "there:2")
    until(lambda: idle.steps > 0)


def test_a_stop_stops_the_training_too(
    worker: WorkerLoop,
    sqlite_store: Store,
    trainer: ScriptedTrainer,
    running: Callable[[WorkerLoop], threading.Thread],
) -> None:
    found(sqlite_store).calls(40)
    thread = running(worker)
    until(lambda: trainer.started)
    worker.stop.set()
    thread.join(10)
    assert trainer.started[0].stopped
    assert holder(sqlite_store) is None


def test_a_store_that_is_away_is_waited_for(
    worker: WorkerLoop,
    sqlite_store: Store,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    running: Callable[[WorkerLoop], threading.Thread],
) -> None:
    database, away = tmp_path / "store.db", tmp_path / "away.db"
    sqlite_store.close()
    database.rename(away)
    database.symlink_to(tmp_path / "no such folder" / "store.db")
    thread = running(worker)
    until(lambda: "the store is waited for" in caplog.text)
    away.replace(database)  # at once: for a moment without a file SQLite would make an empty one
    until(lambda: holder(sqlite_store) == "here:1")
    assert thread.is_alive()


def test_a_walk_from_evidence_to_serving(worker: WorkerLoop, sqlite_store: Store) -> None:
    """Calls that shadow predicts on, and the gate that then lets the candidate serve."""
    line: Lineage = found(sqlite_store)
    candidate = line.candidate(line.student())
    line.move(Stage.SHADOW)
    line.evidence(candidate, agree=250)
    worker.round()
    assert (line.now.stage, line.now.candidate_id) == (Stage.CANARY, candidate.id)
