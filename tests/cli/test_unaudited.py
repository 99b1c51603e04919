"""`shadowbert unaudited` on a data directory whose task's model is gone."""

import pytest

from shadowbert.domain.task import Stage
from shadowbert.store.store import Store
from shadowbert.testing.lineage import NOW, Lineage
from tests.cli.conftest import Shell
from tests.store.test_unanswered import left_alone


@pytest.fixture
def alone(store: Store, line: Lineage) -> Lineage:
    left_alone(store, line)
    return line


def test_it_says_why_since_when_and_what_may_be_chosen(shell: Shell, alone: Lineage) -> None:
    told = shell("unaudited", "bank").stdout
    assert told.startswith(
        f"bank, version {alone.version_id}: unaudited since 2025-10-09 08:53:20 UTC: the LLM is gone:"
    )
    assert told.endswith(
        "3 calls were answered locally since then; it goes back to the LLM on 2025-10-10 08:53:20 UTC; to choose "
        "otherwise: shadowbert unaudited bank --freeze, --stop or --new-teacher MODEL\n"
    )
    (data,) = shell.json("unaudited", "bank")
    assert (data["version"], data["failed"], data["deadline"]) == (alone.version_id, 3, NOW + 86_400)
    assert "live unaudited" in shell("status").stdout
    assert "  red: unaudited since 2025-10-09 08:53:20 UTC" in shell("status").stdout
    assert "  red        unaudited since 2025-10-09 08:53:20 UTC" in shell("show", "bank").stdout


def test_a_task_that_is_checked_says_so(shell: Shell, line: Lineage) -> None:
    assert shell("unaudited", "bank").stdout == "bank: what is answered locally is checked\n"
    assert shell.json("unaudited", "bank") == []
    assert shell.refused("unaudited", "bank", "--freeze").startswith("the answers of task bank are checked")


def test_freeze_and_stop(shell: Shell, alone: Lineage) -> None:
    assert shell("unaudited", "bank", "--freeze", "--why", "no hurry").stdout == "bank: now live at 100% (frozen)\n"
    assert "froze it: it serves on until the LLM answers or somebody stops it" in shell("show", "bank").stdout
    row = shell.json("verdicts", "bank")[-1]
    assert (row["frozen"], row["why"], row["unaudited"] is not None) == (True, "no hurry", True)
    assert shell("unaudited", "bank", "--stop").stdout == "bank: now shadow (held)\n"


def test_a_new_teacher(shell: Shell, alone: Lineage) -> None:
    first, second, third, fourth = shell("unaudited", "bank", "--new-teacher", "gpt-5").stdout.splitlines()
    with alone.store.read() as work:
        new = work.tasks.versions()[-1]
    assert first == f"bank: version {new.id} is ready for calls that name gpt-5"
    assert second.startswith("  50 examples teach its students;")
    assert third.endswith("shadowbert task inherit bank --none, then shadowbert task inherit bank --check 100")
    assert fourth == "  shadowbert never changes what your clients ask: name the new model there"
    assert shell.json("unaudited", "bank", "--new-teacher", "gpt-5") == {
        "task": "bank", "version": new.id, "teacher": "gpt-5", "from": alone.version_id, "examples": 50,
        "founded": False,
    }  # fmt: skip


def test_one_choice_at_a_time(shell: Shell, alone: Lineage) -> None:
    refused = shell.refused("unaudited", "bank", "--freeze", "--stop")
    assert refused == "choose one: --freeze, --stop or --new-teacher MODEL"
    assert alone.now.stage is Stage.LIVE
