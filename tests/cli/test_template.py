"""`shadowbert task template`: shown, edited as a file, refused in a line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shadowbert.cli.app import app
from shadowbert.cli.context import operator
from shadowbert.store.store import Store
from shadowbert.testing.factories import SYSTEM, TEACHER
from tests.cli.conftest import Shell
from tests.flow.test_reshape import EDIT, MARIA, Desk, with_calls


@pytest.fixture
def desk(store: Store) -> Desk:
    """Sixty calls of a task whose template is the whole message."""
    desk = Desk(store)
    with_calls(desk)
    return desk


@pytest.fixture
def edited(desk: Desk) -> Desk:
    desk.reshape.edit("bank", MARIA, None, EDIT)
    desk.settle()
    return desk


def test_it_is_shown_with_its_slots_numbered(shell: Shell, edited: Desk) -> None:
    edited.reshape.count("bank", MARIA, None, [1, 2])
    edited.settle()
    lines = shell("task", "template", "bank").stdout.splitlines()
    assert lines[:9] == [
        f"bank  ({TEACHER}, version {edited.versions[-1].id})",
        "system",
        f"  {SYSTEM}",
        "user",
        "  Channel: {1}",
        "  Text: {2}",
        "slot 1: counts, holds any text, 3 different contents in 60 calls",
        "slot 2: counts, holds any text, 60 different contents in 60 calls",
        (
            "slot 1 had 3 different contents in 60 calls: a date, a channel or a name may not belong to the text; "
            "--count says which slots do"
        ),
    ]
    assert lines[9] == "what a student reads"
    assert lines[10:12] == ["  phone", "  [SEP]"]
    assert lines.count("what a student reads") == 2


def test_its_json_is_taken_back_with_a_change(shell: Shell, desk: Desk, tmp_path: Path) -> None:
    shown = shell.json("task", "template", "bank")
    assert shown["messages"][1] == {
        "role": "user", "content": [{"slot": 1, "counts": True, "holds": "text", "contents": 60}],
    }  # fmt: skip
    file = tmp_path / "template.json"
    file.write_text(json.dumps(shown), "utf-8")
    assert shell.refused("task", "template", "bank", "--edit", str(file)) == (
        "that is the template of task bank already: nothing is changed"
    )
    shown["messages"] = EDIT
    file.write_text(json.dumps(shown), "utf-8")
    said = shell("task", "template", "bank", "--edit", str(file), "--why", "a better one").stdout.splitlines()
    old, new = desk.versions
    assert said == [
        f"bank: version {new.id} stands in place of {old.id}; it matches 60 of the latest 60 calls",
        "The worker hands the calls over, and trains a student on them when there are enough.",
    ]
    assert shell.refused("task", "template", "bank", "--edit", str(file)) == (
        f"no version in force begins with '{old.id}': it may have been replaced; in force there are {new.id}"
    )
    with desk.store.read() as work:
        (verdict,) = work.tasks.verdicts([new.id])
    assert (verdict.by, verdict.why) == (operator("").name, "a better one")


def test_slots_are_chosen_and_standard_input_is_read(shell: Shell, edited: Desk) -> None:
    before = edited.versions[-1].id
    told = shell.json("task", "template", "bank", "--count", "1,2", "--version", before[:36])
    now = edited.versions[-1].id
    assert told == {
        "task": "bank", "version": now, "stage": "collecting", "replaced": before, "matched": 60, "looked_at": 60,
    }  # fmt: skip
    words = ["task", "template", "bank", "--edit", "-", f"--data-dir={shell.folder}"]
    edited.settle()
    result = CliRunner().invoke(app, words, input=json.dumps(EDIT))
    assert result.exit_code == 0, result.output
    assert "it matches 60 of the latest 60 calls" in result.stdout


REFUSED = {
    "--count 1,x": "say the slots by their numbers, as in 1,3, not '1,x'",
    "--count 7": "there is no slot 7: the template has slot 1 only",
    "--count 1 --edit -": "choose the slots with --count, or say them in the file of --edit, not both",
    "--edit nowhere.json": "nowhere.json cannot be read: No such file or directory",
    "--edit broken.json": "broken.json is no JSON: Expecting value: line 1 column 1 (char 0)",
    "--edit deep.json": "deep.json is no JSON: maximum recursion depth exceeded",
    "--edit .": ". cannot be read: Is a directory",
    "--edit odd.json": "the document has an unknown key 'mesages'; `shadowbert task template TASK --json` prints one "
    "to edit",
    "--edit empty.json": "the document has no messages; `shadowbert task template TASK --json` prints one to edit",
    "--edit list.json": "the number of messages and their roles stay as they are: system, user",
    "--version x": "no version in force begins with 'x':",
}


@pytest.mark.parametrize("words", REFUSED)
def test_refusals_say_why_in_a_line(words: str, shell: Shell, desk: Desk) -> None:
    for name, text in {
        "broken": "not JSON",
        "odd": '{"mesages": []}',
        "empty": "{}",
        "list": "[]",
        "deep": "[" * 100_000,
    }.items():
        Path(f"{name}.json").write_text(text, "utf-8")
    assert shell.refused("task", "template", "bank", *words.split()).startswith(REFUSED[words])
    assert len(desk.versions) == 1


def test_an_unknown_task_is_named(shell: Shell, desk: Desk) -> None:
    assert shell.refused("task", "template", "bnak") == "no task is called 'bnak'; known tasks: bank"


def test_callers_texts_command_no_terminal(shell: Shell, desk: Desk) -> None:
    desk.put(["red\x1b[2J\nand\x07 more"])
    said = shell("task", "template", "bank").stdout
    assert "[2J\n  and" in said
    assert not set(said) & {"\x1b", "\x07"}
