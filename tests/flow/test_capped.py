"""A cap on callers, from the journal to what the training child is given: one of three floods a task with one label."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from shadowbert.bert.training.job import read_job
from shadowbert.cli.layout import task_lines
from shadowbert.domain.records import Correction, ExampleRow, Inherited
from shadowbert.domain.task import Policy
from shadowbert.flow.collect import Collect
from shadowbert.flow.journal import SegmentJournal
from shadowbert.flow.lesson import MAX_EXAMPLES, learnt, left_out
from shadowbert.flow.load import Loader
from shadowbert.flow.operate import Operate, Operator
from shadowbert.flow.policy import AnswerPolicy
from shadowbert.flow.pseudonyms import Pseudonyms
from shadowbert.flow.report import Report
from shadowbert.flow.shadow import Shadow
from shadowbert.flow.taught import cap_of, taught, teachable
from shadowbert.flow.train import Train
from shadowbert.reporting import as_data
from shadowbert.store.store import Store, StoreSink
from shadowbert.testing.calls import answered, asked, texts
from shadowbert.testing.fakes import ScriptedTrainer
from shadowbert.testing.lineage import NOW, Lineage, found
from tests.flow.answering import MemoryReply, MemoryUpstream, Scene
from tests.flow.stationed import ToldShelf
from tests.flow.trained import GOOD, job, trained
from tests.traces import traces

HALF = Policy(first_training=40, fine_tune_from=80, caller_share=0.5)
FLOOD = [(f"flood {n}", 1) for n in range(60)]


@pytest.fixture
def train(train: Train) -> Train:
    return replace(train, policy=HALF)


def given(trainer: ScriptedTrainer) -> list[str]:
    """The inputs that the latest training was given."""
    lines = (trainer.started[-1].folder / "examples.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["input"] for line in lines]


def written(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def asks(scene: Scene, key: str, label: str, messages: Sequence[str]) -> None:
    scene.upstream.reply = MemoryReply(pieces=[answered(label)])
    for text in messages:
        await scene.call(asked(text), headers=[(b"authorization", f"Bearer {key}".encode())])


async def test_from_the_call_to_the_lesson(train: Train, trainer: ScriptedTrainer, tmp_path: Path) -> None:
    store, folder = train.ledger, tmp_path / "journal"
    assert isinstance(store, Store)
    policy = AnswerPolicy(checks_keys=False, pseudonyms=Pseudonyms(b"this installation"))
    scene = Scene(policy=policy, upstream=MemoryUpstream())
    await asks(scene, "sk-honest-1", "account", texts(12, about="my account"))
    await asks(scene, "sk-honest-2", "transfer", texts(12, about="a transfer"))
    await asks(scene, "sk-flooding", "card", texts(60))
    with SegmentJournal(folder) as journal:
        for row in scene.journal.rows:
            journal.append(row)
    (segment,) = folder.iterdir()
    logged = segment.read_bytes()
    Loader(folder, StoreSink(store)).step()
    collect = Collect(store, lambda: NOW)
    while collect.step():
        pass
    assert train.step()
    examples = read_job(trainer.started[-1].folder).examples
    assert Counter(row.answer for row in examples) == {(0,): 12, (2,): 12, (1,): 24}
    assert [row.input for row in examples][24:] == texts(60)[-24:], "the newest of a flood stay"
    for key in ("sk-honest-1", "sk-honest-2", "sk-flooding"):
        assert traces(key, logged + written(tmp_path)) == []
    (name,) = {row.caller for row in scene.journal.rows[-60:]}
    assert name.encode() in logged
    assert name.encode() not in written(trainer.started[-1].folder)


def test_what_is_left_out_is_not_taken_for_trained_on(
    line: Lineage, train: Train, trainer: ScriptedTrainer, sqlite_store: Store
) -> None:
    line.labelled(*FLOOD, caller="f")
    line.labelled(*[(f"honest {n}", n % 3) for n in range(30)], caller="h")
    assert train.step()
    assert given(trainer) == [*(text for text, _ in FLOOD[30:]), *(f"honest {n}" for n in range(30))]
    trainer.started[-1].outcome = GOOD
    assert train.step()
    line.labelled(("flood 3", 1), ("flood 33", 1), ("honest 3", 0), ("new", 1))
    with sqlite_store.read() as work:
        (student,) = work.students.of_version(line.version_id)
        assert len(work.students.left_out(student.id)) == 30
    assert (student.examples, job(line).examples) == (60, 60)
    shadow = Shadow(sqlite_store, ToldShelf(), lambda: NOW)
    while shadow.step():
        pass
    with sqlite_store.read() as work:
        (candidate,) = work.candidates.active(line.version_id)
        assert work.predictions.promotion_counts(candidate.id).rows == 2, "what it was not taught, and what is new"
        assert work.predictions.audit_counts(candidate.id, candidate.start_seq).rows == 4


def test_a_flood_brings_no_further_training(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    line.labelled(*[(f"honest {n}", n % 3) for n in range(10)], caller="h")
    line.labelled(*FLOOD, caller="f")
    assert not train.step(), "20 examples are fair, and the first student needs 40"
    line.labelled(*[(f"late {n}", n % 3) for n in range(10)], caller="h")
    trained(train, trainer, GOOD)
    line.labelled(*[(f"more {n}", 1) for n in range(200)], caller="f")
    assert not train.step(), "there are 40 as before"


def test_one_label_left_by_the_cap_is_nothing_to_learn(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    line.labelled(*[(f"old {n}", n % 3) for n in range(20)], *FLOOD, caller="f")
    line.labelled(*[(f"honest {n}", 1) for n in range(30)], caller="h")
    assert not train.step()
    assert trainer.started == []


def test_a_forced_student_may_not_say_what_the_cap_kept_from_it(
    line: Lineage, train: Train, trainer: ScriptedTrainer, sqlite_store: Store
) -> None:
    line.labelled(("the only transfer", 2), ("another transfer", 2), *FLOOD, caller="f")
    line.labelled(*[(f"honest {n}", 0) for n in range(29)], ("a third transfer", 2), caller="h")
    trained(train, trainer, replace(GOOD, heldout=()))
    moved = Operate(sqlite_store, HALF, lambda: NOW).cutover("bank", Operator("maria"), force=True)
    with sqlite_store.read() as work:
        candidate = work.candidates.get(moved.candidate_id or "")
    assert candidate is not None
    assert candidate.slice.excluded == frozenset({(0, 2)}), "one example of three is left"


def test_corrections_have_no_caller(line: Lineage, train: Train, trainer: ScriptedTrainer) -> None:
    rows = line.labelled(*FLOOD, caller="f")
    line.labelled(*[(f"honest {n}", n % 3) for n in range(30)], caller="h")
    with line.store.write() as work:
        for row in rows[:5]:
            work.corrections.put(
                Correction(row.exchange_id, row.version_id, row.input, row.input_hash, row.seq, (0,), "m", "", NOW)
            )
        found_cap = cap_of(work, line.now, 0.5)
    assert found_cap is not None
    assert (found_cap.level, found_cap.left_out) == (30, 25)
    train.step()
    assert given(trainer)[:6] == [*(f"flood {n}" for n in range(5)), "flood 30"]


def test_the_store_counts_as_the_lesson_does(store: Store) -> None:
    """Inherited inputs too, those that both versions know, and those that two callers have asked."""
    old = found(store)
    old.labelled(("x", 0), ("y", 1), ("z", 2), caller="a")
    old.labelled(("x", 1), ("w", 1), caller="b")
    new = found(store, task_id=old.now.task_id, created_at=NOW + 1)
    new.labelled(("y", 1), ("v", 1), caller="b")
    new.labelled(("y", 2), ("u", 2), caller="")
    with store.write() as work:
        work.tasks.set_inherits(new.version_id, [Inherited(old.version_id, work.exchanges.last_seq())])
    with store.read() as work:
        examples = taught(work, new.now)
        counted = cap_of(work, new.now, 0.4)
        assert Counter(e.caller for e in examples) == {"a": 2, "b": 3, "": 1}
        assert counted is not None
        assert (counted.callers, counted.level, counted.left_out) == (3, 2, 1)
        assert teachable(work, new.now, 0.4) == 5
        assert teachable(work, new.now, 1.0) == 6


def test_rows_from_before_there_were_callers_are_one_callers(line: Lineage) -> None:
    line.calls(30)
    line.labelled(*FLOOD, caller="f")
    with line.store.read() as work:
        assert work.calls.callers(line.version_id) == {"": 30, "f": 60}


def test_it_is_shown_with_counts_and_without_names(line: Lineage) -> None:
    report, whole = (Report(line.store, policy, lambda: NOW) for policy in (HALF, replace(HALF, caller_share=1.0)))
    line.labelled(*FLOOD, caller="f00dc0de")
    (task,) = report.tasks()
    assert task.material.callers == "only one caller so far: that no caller may teach more than 50 % holds nobody back"
    line.labelled(*[(f"honest {n}", n % 3) for n in range(12)], caller="c0ffee")
    (task,) = report.tasks()
    words = "2 callers, none of which teaches more than 50 %; 48 examples beyond that are left out"
    shown = "\n".join(text.plain for text in task_lines(task, None))
    assert words in shown
    data = as_data(task)
    assert (data["examples"], data["missing"]) == (24, "16 more examples until the first student")
    assert data["material"]["callers"] == {"share": 0.5, "callers": 2, "level": 12, "left_out": 48}
    assert words in data["material"]["words"]
    assert not any(name in f"{shown}{data}" for name in ("f00dc0de", "c0ffee"))
    (task,) = whole.tasks()
    assert (task.examples, task.material.callers, as_data(task)["material"]["callers"]) == (72, "", None)


def test_too_few_callers_for_the_share_are_said_to_be(line: Lineage) -> None:
    line.labelled(*FLOOD[:20], caller="f")
    line.labelled(*FLOOD[20:40], caller="h")
    report = Report(line.store, replace(HALF, caller_share=0.3), lambda: NOW)
    (task,) = report.tasks()
    assert task.material.callers == "2 callers, too few for 30 % each: all teach equally much"


def test_a_window_is_shared_and_what_it_leaves_is_left_out_only_under_a_cap() -> None:
    def example(seq: int, caller: str) -> ExampleRow:
        return ExampleRow(f"i1:{seq}", "t", (0,), seq, f"e{seq}", repeats=1, agreeing_repeats=1, caller=caller)

    known = [example(seq, "h" if seq < MAX_EXAMPLES else "f") for seq in range(2 * MAX_EXAMPLES)]
    fair = learnt(known, 0.5)
    assert Counter(e.caller for e in fair) == {"h": MAX_EXAMPLES // 2, "f": MAX_EXAMPLES // 2}
    assert len(left_out(known, fair, 0.5)) == MAX_EXAMPLES
    latest = learnt(known, 1.0)
    assert (latest, left_out(known, latest, 1.0)) == (known[-MAX_EXAMPLES:], frozenset())
