"""When a version gets a new student, and when it has enough of them."""

from dataclasses import replace

import pytest

from shadowbert.domain.evidence import Move, Ruling, Verdict
from shadowbert.domain.task import Stage
from shadowbert.flow.cadence import Next, next_student
from shadowbert.flow.promote import Promote
from shadowbert.flow.train import Train
from shadowbert.testing.fakes import ScriptedTrainer
from shadowbert.testing.lineage import NOW, Lineage, found
from tests.flow.trained import GOOD, job, trained


def test_nothing_is_due_before_enough_examples(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    line.calls(39)
    assert not train.step()
    assert trainer.started == []


def test_the_next_trainings_come_at_each_doubling(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    line.calls(40)
    trained(train, trainer, GOOD)
    line.calls(39)
    assert not train.step()
    line.calls(1)
    trained(train, trainer, GOOD)
    with line.store.read() as work:
        assert [s.number for s in work.students.of_version(line.version_id)] == [1, 2]
        assert [c.number for c in work.candidates.active(line.version_id)] == [1, 2], "evidence stands side by side"
    assert line.now.stage is Stage.SHADOW


def test_on_demand_it_trains_before_its_time(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    line.calls(25)
    with line.store.write() as work:
        work.jobs.queue(line.version_id, cause="asked for by maria", at=NOW)
    trained(train, trainer, GOOD)
    assert job(line).cause == "asked for by maria"
    assert line.now.stage is Stage.SHADOW


@pytest.mark.parametrize("stage", [Stage.PAUSED, Stage.OFF])
def test_a_stopped_task_is_not_trained_by_itself(
    stage: Stage, line: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    line.calls(40)
    line.move(stage)
    assert not train.step()
    assert trainer.started == []


def test_after_a_fall_it_waits_for_enough_that_is_new(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    line.calls(40)
    trained(train, trainer, GOOD)
    with line.store.read() as work:
        (candidate,) = work.candidates.active(line.version_id)
    version = line.move(Stage.LIVE, share=1.0, candidate=candidate)
    with line.store.write() as work:
        Promote(line.store, train.policy, lambda: NOW)._demote(
            work, version, candidate, Verdict(Ruling.FAIL, Move.DEMOTE, "It fell.", stage=Stage.SHADOW, share=0.0)
        )
    assert (job(line).state, job(line).waits_for) == ("queued", 90)
    line.calls(39)
    assert not train.step()
    line.calls(1)
    trained(train, trainer, GOOD)
    assert (job(line).state, job(line).cause) == ("done", "80 examples"), "the doubling came first"
    line.calls(79)
    with line.store.write() as work:
        work.jobs.queue(line.version_id, cause="agreement fell", at=NOW, waits_for=130)
    trained(train, trainer, GOOD)
    assert (job(line).state, job(line).cause, job(line).examples) == ("done", "agreement fell", 159)
    assert not train.step(), "not again and again"


def test_what_waits_for_one_task_holds_up_no_other(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    with line.store.write() as work:
        work.jobs.queue(line.version_id, cause="agreement fell", at=NOW - 9, waits_for=90)
    other = found(line.store, task="mail", wording="w1")
    other.calls(40)
    trained(train, trainer, GOOD)
    assert job(other).state == "done"


def at_doublings(line: Lineage, train: Train, trainer: ScriptedTrainer, *agreements: float) -> None:
    """One training at each doubling from 40 examples on."""
    for n, agreement in enumerate(agreements):
        line.calls(40 * 2 ** max(0, n - 1))
        trained(train, trainer, replace(GOOD, scores={"agreement": agreement}))


def test_growth_ends_when_two_doublings_gained_little(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    at_doublings(line, train, trainer, 0.90, 0.902, 0.903)
    line.calls(200)
    assert not train.step()
    with line.store.write() as work:
        following = next_student(work, line.now, train.policy)
        assert following == Next(None, "no further doubling: the last two gained 0.2 and 0.1 points")
        work.jobs.queue(line.version_id, cause="asked for by maria", at=NOW)
    trained(train, trainer, replace(GOOD, scores={"agreement": 0.95}))
    assert job(line).state == "done", "but on demand"
    with line.store.read() as work:
        assert next_student(work, line.now, train.policy).examples == 720


def test_growth_goes_on_where_nothing_gathers_evidence(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    at_doublings(line, train, trainer, 0.90, 0.902, 0.903)
    with line.store.write() as work:
        for candidate in work.candidates.active(line.version_id):
            work.candidates.retire(candidate.id, "agreement is below the target")
    line.calls(160)
    assert train.step()


def test_growth_goes_on_until_every_recipe_was_tried(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    train = replace(train, policy=replace(train.policy, fine_tune_from=300))
    at_doublings(line, train, trainer, 0.90, 0.902, 0.903)
    line.calls(160)
    assert train.step()
