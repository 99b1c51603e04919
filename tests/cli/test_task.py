"""`shadowbert task`."""

import pytest

from shadowbert.domain.task import Stage
from shadowbert.testing.lineage import NOW, Lineage, found
from tests.cli.conftest import Shell


def test_rename(shell: Shell, line: Lineage) -> None:
    said = shell("task", "rename", "bank", "money matters", "--why", "it is about money")
    assert said.stdout == "money matters: now collecting, also called bank\n"
    assert shell("task", "rename", "bank", "cash").stdout == "cash: now collecting, also called bank, money matters\n"
    with line.store.read() as work:
        assert work.tasks.verdicts([line.version_id])[0].why == "it is about money"
    assert "at most 120 characters" in shell.refused("task", "rename", "cash", "x" * 121)
    assert shell.refused("task", "rename", "csh", "x") == "no task is called 'csh'; known tasks: cash"


def test_merge_and_split(shell: Shell, line: Lineage) -> None:
    mail, post = (
        found(line.store, task="mail", created_at=NOW + 1, wording="w1"),
        found(line.store, task="post", wording="w2"),
    )
    assert shell.json("task", "merge", "bank", "mail", "post") == {
        "task": "bank", "former": ["mail", "post"], "pinned": False, "version": mail.version_id, "stage": "collecting",
        "share": 0.0,
    }  # fmt: skip
    assert {one.now.task for one in (line, mail, post)} == {"bank"}
    apart = shell.json("task", "split", "mail", mail.version_id, "--name", "mail")
    assert (apart["task"], apart["former"], line.now.former) == ("mail", [], ("post",))
    assert "no version of task mail would stay" in shell.refused("task", "split", "mail", mail.version_id, "--name=x")
    assert "cannot be merged with itself" in shell.refused("task", "merge", "bank", "post")


def test_pin_and_unpin(shell: Shell, line: Lineage) -> None:
    assert shell("task", "pin", "bank").stdout == "bank: now collecting, pinned\n"
    assert shell.refused("task", "pin", "bank") == "task bank is pinned already"
    assert shell.json("task", "unpin", "bank", "--why", "for the new teacher")["pinned"] is False
    assert line.now.stage is Stage.COLLECTING


@pytest.mark.parametrize("noun", [(), ("task",)])
def test_confirm_tells_what_was_confirmed(noun: tuple[str, ...], shell: Shell, line: Lineage) -> None:
    words = found(line.store, task="words", confirmed=False)
    (field,) = words.now.contract.fields
    said = f"words: its answers are {field.name}: {', '.join(map(str, field.labels))}; now collecting\n"
    assert shell(*noun, "confirm", "words").stdout == said
    assert words.now.confirmed
