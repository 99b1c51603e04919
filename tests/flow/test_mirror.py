"""The web process's copy of the stage table, on a real store."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from shadowbert.domain.task import Stage
from shadowbert.flow.mirror import StageMirror
from shadowbert.store.store import Store
from shadowbert.testing.lineage import NOW, Lineage, found


@dataclass
class Shelf:
    """Notes what it is told to hold."""

    held: dict[str, Path] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def load(self, student_id: str, path: Path) -> None:
        self.held[student_id] = path
        self.told.append(f"load {student_id}")

    def unload(self, student_id: str) -> None:
        del self.held[student_id]
        self.told.append(f"unload {student_id}")

    def loaded(self) -> frozenset[str]:
        return frozenset(self.held)

    def failures(self) -> dict[str, str]:
        return {}


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def line(sqlite_store: Store) -> Lineage:
    return found(sqlite_store)


@pytest.fixture
def mirror(sqlite_store: Store, shelf: Shelf, clock: Clock) -> StageMirror:
    return StageMirror(sqlite_store, shelf, audit_rate=0.05, clock=clock)


def test_before_the_first_look_it_is_infinitely_old_and_empty(mirror: StageMirror) -> None:
    assert mirror.age() == float("inf")
    assert mirror.table().versions == ()


def test_it_shows_the_store_and_ages_until_the_next_look(mirror: StageMirror, clock: Clock, line: Lineage) -> None:
    mirror.refresh()
    (version,) = mirror.table().versions
    assert (version.id, version.task, version.stage, version.audit_rate) == (
        line.version_id, "bank", Stage.COLLECTING, 0.05,
    )  # fmt: skip
    clock.now += 7
    assert mirror.age() == 7
    mirror.refresh()
    assert mirror.age() == 0


def test_it_is_as_old_as_the_beginning_of_its_look(sqlite_store: Store, clock: Clock, line: Lineage) -> None:
    """What changed in the store while it was read may be missing."""

    class Slow(Shelf):
        def load(self, student_id: str, path: Path) -> None:  # noqa: ARG002 - the port's
            clock.now += 5

    slow = StageMirror(sqlite_store, Slow(), audit_rate=0.05, clock=clock)
    line.move(Stage.LIVE, share=1.0, candidate=line.candidate(line.student()))
    slow.refresh()
    assert slow.age() == 5


def test_an_unchanged_store_leaves_the_very_table(mirror: StageMirror, line: Lineage) -> None:
    mirror.refresh()
    before = mirror.table()
    mirror.refresh()
    assert mirror.table() is before, "the recogniser's caches hang on it"
    line.move(Stage.PAUSED)
    mirror.refresh()
    assert mirror.table().versions[0].stage is Stage.PAUSED


def test_the_gates_look_comes_through_without_a_move(mirror: StageMirror, line: Lineage) -> None:
    mirror.refresh()
    assert mirror.table().gate_looked_at is None
    with line.store.write() as work:
        work.marks.set("gate", at=NOW)
    versions = mirror.table().versions
    mirror.refresh()
    assert mirror.table().gate_looked_at == NOW
    assert mirror.table().versions is versions


def test_champions_are_loaded_once_and_unloaded_when_they_go(mirror: StageMirror, shelf: Shelf, line: Lineage) -> None:
    student = line.student(artifact="/students/one")
    candidate = line.candidate(student)
    mirror.refresh()
    assert shelf.held == {}, "nobody serves"
    line.move(Stage.CANARY, share=0.05, candidate=candidate)
    mirror.refresh()
    line.move(Stage.LIVE, share=1.0, candidate=candidate)
    mirror.refresh()
    assert shelf.held == {student.id: Path("/students/one")}
    line.move(Stage.SHADOW)
    mirror.refresh()
    assert shelf.told == [f"load {student.id}", f"unload {student.id}"]


def test_a_new_champion_takes_the_old_ones_place(mirror: StageMirror, shelf: Shelf, line: Lineage) -> None:
    one, two = line.student(), line.student(number=2)
    for student in (one, two):
        line.move(Stage.LIVE, share=1.0, candidate=line.candidate(student))
        mirror.refresh()
    assert set(shelf.held) == {two.id}


def test_a_store_that_cannot_be_read_leaves_the_table_standing_and_ageing(
    mirror: StageMirror, clock: Clock, line: Lineage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mirror.refresh()
    line.store.close()
    (tmp_path / "store.db").rename(tmp_path / "away.db")
    (tmp_path / "store.db").mkdir()
    clock.now += 40
    mirror.refresh()
    assert mirror.age() == 40
    assert mirror.table().versions[0].id == line.version_id
    assert "the stage mirror could not be refreshed" in caplog.text
