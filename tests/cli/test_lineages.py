"""`shadowbert tasks`, and what `status` and `show` say of how tasks are arranged."""

import re
from dataclasses import replace

import pytest

from shadowbert.cli.lineages import lineage_lines
from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.task import Stage
from shadowbert.flow.found import FULL
from shadowbert.flow.lineages import TaskLine
from shadowbert.testing.lineage import NOW, Lineage, found
from tests.cli.conftest import Shell

LINE = TaskLine(
    task="support-triage", tenant="default", former=(), pinned=False, stage=Stage.CANARY, share=0.25, forced=False,
    held=False, versions=3, teachers=("gpt-5-mini", "gpt-4o-2024-08-06"),
    contract=Contract((Field(("intent",), tuple("abcdefghijkl")), Field(("urgency",), (1, 2, 3))), "h"),
    confirmed=True, calls=1234, by_student=1000, by_llm=200,
)  # fmt: skip


def plain(tasks: list[TaskLine], width: int | None) -> list[str]:
    return [line.plain for line in lineage_lines(tasks, width)]


def test_one_line_a_task() -> None:
    head, line = plain([replace(LINE, pinned=True)], None)
    assert head.split() == ["task", "stage", "versions", "calls", "learnable", "answers", "fields", "teachers"]
    assert re.split(" {2,}", line) == [
        "support-triage", "canary 25% pinned", "3", "1234", "2 of 2", "stated", "intent 12, urgency 3",
        "gpt-5-mini, gpt-4o-2024-08-06",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    long = replace(LINE, task="a-name-that-a-person-made-up-on-a-long-afternoon", teachers=tuple("xyz" * 30))
    lines = plain([LINE, long], width)
    assert max(map(len, lines)) <= width
    assert lines[2] == long.task, "it is to be typed"
    assert lines[3].startswith(" " * len(LINE.task))
    assert lines[3].endswith("...")


def test_inferred_answers_say_so() -> None:
    inferred = replace(LINE, contract=replace(LINE.contract, hash="i1:h"))
    lines = plain([inferred, replace(inferred, confirmed=False)], None)
    assert ("confirmed" in lines[1], "inferred" in lines[2]) == (True, True)


def test_tasks(shell: Shell, line: Lineage) -> None:
    found(line.store, task_id=line.now.task_id, teacher="gpt-5", created_at=NOW + 1)
    line.calls(2)
    assert shell("tasks").stdout.splitlines()[1].split()[:4] == ["bank", "collecting", "2", "2"]
    (task,) = shell.json("tasks")
    assert (task["task"], task["versions"], task["teachers"]) == ("bank", 2, ["gpt-5", line.now.teacher])
    assert task["answered_by"] == {"student": 0, "llm": 2}


def test_tasks_without_a_task(shell: Shell) -> None:
    assert shell("tasks").stdout.startswith("No task has been found yet")
    assert shell.json("tasks") == []


def test_status_and_show_tell_how_a_task_is_arranged(shell: Shell, line: Lineage) -> None:
    shell("task", "rename", "bank", "money")
    shell("task", "pin", "bank")
    told = "pinned: no further version is founded by itself; also called bank"
    assert f"  {told}\n" in shell("status").stdout
    assert f"  task       {told}\n" in shell("show", "bank").stdout
    assert shell.json("show", "bank")[0]["former"] == ["bank"]


@pytest.mark.parametrize("command", ["status", "tasks"])
def test_a_full_house_is_told_below_the_list(command: str, shell: Shell, line: Lineage) -> None:
    with line.store.write() as work:
        work.marks.set("policy", note='{"max_tasks": 1}')
        work.marks.set(FULL, note="tenant default has 1 tasks: no further one is found unless a caller names it")
    last = shell(command).stdout.splitlines()[-1]
    assert last.startswith("tenant default has 1 tasks: no further one is found")
    assert isinstance(shell.json(command), list)
