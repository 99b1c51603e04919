"""`status` and `show`."""

import json

import pytest

from shadowbert.domain.records import Progress
from shadowbert.domain.task import Stage
from shadowbert.store.store import Store
from shadowbert.testing.cards import a_card
from shadowbert.testing.lineage import NOW, SERVED, Lineage, found
from tests.cli.conftest import Shell
from tests.flow.stationed import Bench
from tests.flow.test_leaving import BAD, says


def test_status_without_a_task(shell: Shell) -> None:
    assert shell("status").stdout.startswith("No task has been found yet")
    assert shell.json("status") == []


def test_status_says_what_is_missing(shell: Shell, line: Lineage) -> None:
    line.calls(30)
    result = shell("status")
    assert result.exit_code == 0
    head, row, missing = result.stdout.splitlines()
    assert head.split() == ["task", "teacher", "stage", "examples", "agreement", "bound", "target", "coverage"]
    assert row.split()[:4] == ["bank", "gpt-4o-2024-08-06", "collecting", "30"]
    assert missing == "  missing: 170 more examples until the first student"


def test_status_as_json(shell: Shell, line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=90, disagree=2, unsure=8)
    line.move(Stage.LIVE, share=1.0, candidate=candidate)
    line.calls(10, route=SERVED)
    (task,) = shell.json("status")
    assert (task["task"], task["stage"], task["share"], task["examples"]) == ("bank", "live", 1.0, 100)
    assert (task["rows"], task["agreement"], task["coverage"]) == (92, 90 / 92, 0.92)
    assert task["bound"] < task["agreement"]
    assert task["answered_by"] == {"student": 10, "llm": 100}
    assert task["fields"] == {"label": ["account", "card", "transfer"]}
    assert [c["serving"] for c in task["candidates"]] == [True]


def test_show_has_everything(shell: Shell, line: Lineage) -> None:
    line.calls(4, unfit="refusal")
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=30, disagree=2)
    line.move(Stage.LIVE, share=1.0, candidate=candidate, forced=True)
    text = shell("show", "bank").stdout
    for said in (
        "stage      live forced",
        "red        cut over by force: the gate has not agreed yet",
        "field      label: account, card, transfer",
        "taught nothing: refusal 4",
        "the student only watches 36",
        "candidate  1: serving, student 1 (probe), sure from 0.900",
        "30 of 32 agree (93.7 %)",
        "collecting -> live  by gate: Moved.",
    ):
        assert said in text


def test_a_training_under_way_is_told_everywhere(shell: Shell, line: Lineage) -> None:
    line.calls(40)
    far = Progress("fine-tuning", "finetune", 3, 9, 0.41, 0.9, 40, student=1)
    with line.store.write() as work:
        job = work.jobs.queue(line.version_id, cause="asked", at=NOW)
        work.jobs.start(job.id, examples=40)
        work.jobs.note(job.id, far)
    told = "student 1: fine-tuning, step 3 of 9, loss 0.41, agreement so far 90.0 %, about 40 s left"
    assert f"  training: {told}\n" in shell("status").stdout
    assert f"  training   {told}\n" in shell("show", "bank").stdout
    (task,) = shell.json("show", "bank")
    assert (task["training"], task["training_message"]) == ("running", told)
    assert task["progress"]["step"] == 3


def test_show_tells_of_students_to_come(shell: Shell, line: Lineage) -> None:
    line.calls(30)
    for number, (examples, coverage) in enumerate(((200, 0.0), (400, 0.18), (800, 0.48), (1600, 0.58)), start=1):
        line.student(number=number, examples=examples, agreement=0.9, coverage=coverage, target=0.95)
    text = shell("show", "bank").stdout
    assert "  students   4, the next student is trained at 200 examples\n" in text
    assert "  outlook    60 % of calls at 95 % agreement after about " in text
    (task,) = shell.json("show", "bank")
    assert (task["next_training"], task["following"]) == (200, "the next student is trained at 200 examples")
    assert (task["outlook"]["goal"], task["outlook"]["students"][1]) == (0.6, {"examples": 400, "coverage": 0.18})
    assert task["outlook"]["examples"]["middle"] >= task["outlook"]["examples"]["low"]


def test_show_says_when_growth_has_ended(shell: Shell, line: Lineage) -> None:
    for number, (examples, agreement) in enumerate(((400, 0.90), (800, 0.902), (1600, 0.903)), start=1):
        student = line.student(number=number, examples=examples, agreement=agreement, coverage=0.4, target=0.95)
    line.candidate(student)
    said = "no further doubling: the last two gained 0.2 and 0.1 points"
    assert f"  students   3, {said}\n" in shell("show", "bank").stdout
    (task,) = shell.json("show", "bank")
    assert (task["next_training"], task["following"]) == (None, said)


def test_show_as_json_lists_the_versions(shell: Shell, line: Lineage) -> None:
    found(line.store, task_id=line.now.task_id, created_at=line.now.created_at + 1)
    line.move(Stage.PAUSED)
    older, newer = shell.json("show", "bank")
    assert (older["stage"], newer["stage"]) == ("paused", "collecting")
    (verdict,) = older["verdicts"]
    assert (verdict["stage_before"], verdict["stage_after"], verdict["by"]) == ("collecting", "paused", "gate")


def test_show_of_an_unknown_task(shell: Shell, line: Lineage) -> None:
    assert shell.refused("show", "bnak") == "no task is called 'bnak'; known tasks: bank"


def test_a_task_of_another_shape_of_name(shell: Shell, line: Lineage) -> None:
    found(line.store, task="[red]a/b c[/red]")
    assert "[red]a/b c[/red]" in shell("status").stdout
    assert shell.json("show", "[red]a/b c[/red]")[0]["task"] == "[red]a/b c[/red]"


@pytest.mark.parametrize("command", ["status", "show"])
def test_no_label_or_name_commands_the_terminal(command: str, shell: Shell, line: Lineage) -> None:
    name = "wipe\x1b[2Jed\x9b1m"
    found(line.store, task=name)
    result = shell(command, *([name] if command == "show" else []))
    assert "\x1b" not in result.stdout
    assert "\x9b" not in result.stdout
    assert "wipe\ufffd[2Jed" in result.stdout


def test_show_tells_of_the_student_by_its_card(shell: Shell, line: Lineage) -> None:
    line.student(artifact="one", coverage=0.125)
    (shell.folder / "one").mkdir()
    (shell.folder / "one" / "card.json").write_text(json.dumps(a_card().to_json()))
    shown = shell("show", "bank").stdout
    for told in (
        "coverage   coverage is low, 12.5 %: 12 of 12 disagreements are loan said for card; true said for false",
        "student    1: probe on the bundled encoder, mean pooling, beside it words and neighbours; served in int8",
        "topic: 91 of 100 agree (91 %, between 83.6 % and 95.8 %)",
        "mixes up   topic: loan said where the LLM says card: 7 of 47 times",
    ):
        assert told in shown
    assert shell.json("show", "bank")[0]["card"]["settings"]["seed"] == 1


def test_show_tells_label_by_label_what_stands_and_what_left(shell: Shell, store: Store) -> None:
    bench = Bench(store)
    says(bench, 0, 120)
    says(bench, BAD, 10, 10)
    bench.promote.step()
    says(bench, 0, 90)
    shown = " ".join(shell("show", "bank").stdout.split())
    assert "labels 1 certified by itself, 1 agreeing too seldom label=transfer: 10 of 20 agree (50 %)" in shown
    gone = "label=transfer: 10 of 20 agree (50 %), left on 2025-10-09 08:53:20 UTC"
    assert f"labels 1 certified by itself, 1 left {gone}" in shown
    (task,) = shell.json("show", "bank")
    left = {"label": "label=transfer", "agree": 10, "disagree": 10, "standing": "left", "left_at": bench.at}
    assert task["candidates"][1]["labels"][0] == left
