"""What the stations make of a version whose template an operator has edited: nothing any more."""

from shadowbert.domain.task import Stage
from shadowbert.flow.train import Train
from shadowbert.store.store import Store
from shadowbert.testing.fakes import ScriptedTrainer
from shadowbert.testing.lineage import NOW, Lineage
from tests.flow.stationed import Bench
from tests.flow.test_train import GOOD
from tests.store.rows import a_version


def replaced(store: Store, version_id: str) -> str:
    """By a version with the same template, for it is not looked at here."""
    new = a_version(task="another")
    with store.write() as work:
        work.tasks.found(new)
        work.tasks.replace(version_id, new.id)
    return new.id


def test_no_training_is_due(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    line.calls(40)
    replaced(line.store, line.version_id)
    assert not train.step()
    assert trainer.started == []


def test_a_training_that_was_asked_for_ends_with_a_word(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    line.calls(40)
    with line.store.write() as work:
        work.jobs.queue(line.version_id, cause="Asked for by maria.", at=NOW)
    replaced(line.store, line.version_id)
    assert not train.step()
    with line.store.read() as work:
        job = work.jobs.latest(line.version_id)
    assert job is not None
    assert (job.state, job.message, trainer.started) == ("failed", "an operator edited the template", [])


def test_a_student_that_was_being_trained_enters_no_more(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    line.calls(40)
    assert train.step()
    replaced(line.store, line.version_id)
    trainer.started[-1].outcome = GOOD
    assert train.step()
    with line.store.read() as work:
        assert work.candidates.active(line.version_id) == []
        assert len(work.students.of_version(line.version_id)) == 1
    assert line.now.stage is Stage.COLLECTING


def test_neither_shadow_nor_the_gate_looks_at_it(sqlite_store: Store) -> None:
    bench = Bench(sqlite_store)
    bench.see(200)
    bench.calls(5)
    replaced(sqlite_store, bench.version_id)
    asked = len(bench.shelf.asked)
    assert bench.shadow.step() == 0
    assert bench.promote.step() == 0
    assert (len(bench.shelf.asked), bench.version.stage) == (asked, Stage.SHADOW)
