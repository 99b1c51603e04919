"""`draw` and `label --next` on a data directory."""

import pytest

from shadowbert.cli import draw as draw_command
from shadowbert.store.store import Store
from shadowbert.testing.lineage import Lineage
from tests.cli.conftest import Shell


def waiting(line: Lineage) -> list[str]:
    with line.store.read() as work:
        return work.draws.waiting(line.version_id)


def test_a_draw_is_answered_one_after_another_from_a_script(shell: Shell, line: Lineage) -> None:
    line.labelled(("card lost", 1), ("where is my money", 1), ("hello", 0))
    assert shell("label", "bank", "--next").stdout == "bank: no drawn call waits for an answer\n"
    assert shell.json("label", "bank", "--next") is None
    told = shell("draw", "bank", "--count", "2", "--seed", "5").stdout
    assert told == "bank: 2 calls drawn (seed 5), 2 wait; answer them: shadowbert label bank --next\n"
    head, last = waiting(line)
    lines = shell("label", "bank", "--next").stdout.splitlines()
    assert lines[0] == f"{head}  (2 wait)"
    assert lines[1] in {"card lost", "where is my money", "hello"}
    assert lines[2] == "  label: account, card, transfer"
    assert lines[3].startswith(f"to answer it: shadowbert label bank {head} --drawn FIELD=LABEL")
    data = shell.json("label", "bank", "--next")
    assert (data["exchange"], set(data)) == (
        head,
        {"task", "version", "exchange", "input", "fields", "waiting"},
    ), "nothing that was answered to it"
    assert "in their order" in shell.refused("label", "bank", last, "card", "--drawn")
    assert shell("label", "bank", head, "card", "--drawn").stdout == "bank: noted; 1 wait\n"
    done = shell.json("label", "bank", last, "--drawn", "--skip")
    assert (done["skipped"], done["next"]) == (True, None)
    more = shell.json("draw", "bank", "--all")
    assert (more["drawn"], more["left"], more["waiting"]) == (1, 0, 1)
    assert "people say that the LLM is right on " in shell("show", "bank").stdout
    assert shell.json("show", "bank")[0]["people"]["teacher"]["rows"] == 1


def test_a_person_at_a_terminal_is_asked_until_none_waits(
    shell: Shell, line: Lineage, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    line.labelled(("a", 1), ("b", 1))
    shell("draw", "bank", "--count", "2")
    typed = iter(["card", "skip"])
    monkeypatch.setattr(draw_command, "ask_for", lambda _, choices: next(typed) if "skip" in choices else None)
    done = shell("label", "bank", "--next").stdout
    assert done.endswith("bank: no drawn call waits for an answer\n")
    with store.read() as work:
        assert [row.answer for row in work.draws.of_version(line.version_id)] == [(1,), None]


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ((), "say FIELD=LABEL for an exchange; --skip is for calls that were drawn (--drawn)"),
        (("x", "--skip"), "say FIELD=LABEL for an exchange; --skip is for calls that were drawn (--drawn)"),
        (("x", "--drawn"), "say either what the answer is or --skip"),
        (("x", "card", "--drawn", "--skip"), "say either what the answer is or --skip"),
        (("x", "card", "--drawn"), "no drawn call of task bank waits for an answer; run: shadowbert draw bank"),
    ],
)
def test_what_is_refused(typed: tuple[str, ...], complaint: str, shell: Shell, line: Lineage) -> None:
    assert shell.refused("label", "bank", *typed) == complaint
