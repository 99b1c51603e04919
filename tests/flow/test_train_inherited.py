"""What a version trains on that it inherits from another."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from shadowbert.domain.ids import uuid7
from shadowbert.domain.records import CallRow, Inherited
from shadowbert.flow.shadow import Shadow
from shadowbert.flow.train import Train
from shadowbert.testing.exchanges import an_exchange
from shadowbert.testing.fakes import ScriptedTrainer
from shadowbert.testing.lineage import NOW, Lineage, found
from tests.flow.stationed import ToldShelf
from tests.flow.trained import GOOD, job, trained


@pytest.fixture
def heir(line: Lineage) -> Lineage:
    """A new version of the task with ten examples of its own that inherits thirty."""
    line.calls(30)
    new = found(line.store, task_id=line.now.task_id, created_at=NOW + 1)
    with line.store.write() as work:
        work.tasks.set_inherits(new.version_id, [Inherited(line.version_id, work.exchanges.last_seq())])
    new.calls(10)
    return new


def asked_again(heir: Lineage, calls: Sequence[CallRow]) -> list[str]:
    """The old inputs come as calls of the new version; returns their hashes."""
    exchanges = [an_exchange() for _ in calls]
    with heir.store.write() as work:
        first = work.exchanges.last_seq() + 1
        work.exchanges.load(uuid7(), start=0, end=1, batch=exchanges)
        work.calls.add(
            [
                replace(call, exchange_id=exchange.id, seq=seq, version_id=heir.version_id)
                for seq, (call, exchange) in enumerate(zip(calls, exchanges, strict=True), start=first)
            ]
        )
    return [call.input_hash for call in calls]


def test_a_new_version_trains_at_once_on_what_it_inherits(
    line: Lineage, heir: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    line.calls(9)
    train.step()
    lines = (trainer.started[0].folder / "examples.jsonl").read_text("utf-8").splitlines()
    owners = [json.loads(text)["input"].rpartition(" ")[2] for text in lines]
    assert owners == [line.version_id] * 30 + [heir.version_id] * 10
    trainer.started[0].outcome = GOOD
    train.step()
    assert (job(heir).state, job(heir).examples) == ("done", 40)
    heir.calls(39)
    assert not train.step(), "the next one is due at 80 examples"


def test_what_was_inherited_is_no_evidence(
    heir: Lineage, line: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    trained(train, trainer, GOOD)
    with line.store.read() as work:
        (candidate,) = work.candidates.active(heir.version_id)
        (student,) = work.students.of_version(heir.version_id)
        old = work.calls.labelled(line.version_id)
    hashes = asked_again(heir, old[:7])
    heir.calls(3)
    shadow = Shadow(line.store, ToldShelf(), lambda: NOW)
    while shadow.step():
        pass
    with line.store.read() as work:
        assert work.predictions.audit_counts(candidate.id, candidate.start_seq).rows == 10
        assert work.predictions.promotion_counts(candidate.id).rows == 3
        assert work.calls.trained_inputs(heir.version_id, student.cutoff_seq, hashes) == set(hashes)


def test_what_was_collected_after_it_was_inherited_is_no_evidence_either(
    heir: Lineage, line: Lineage, train: Train, trainer: ScriptedTrainer
) -> None:
    """Calls are loaded before they are collected: until the training, what is inherited may still grow."""
    with line.store.write() as work:
        work.tasks.set_inherits(heir.version_id, [Inherited(line.version_id, work.exchanges.last_seq() + 5)])
    late = [call.input_hash for call in line.calls(5)]
    trained(train, trainer, GOOD)
    assert job(heir).examples == 45
    with line.store.read() as work:
        (student,) = work.students.of_version(heir.version_id)
        assert work.calls.trained_inputs(heir.version_id, student.cutoff_seq, late) == set(late)
