"""An operator's hand on a running server: every command takes effect without a restart, or says why it does not."""

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from shadowbert.bootstrap.storage import open_store
from shadowbert.bootstrap.working import open_operations
from shadowbert.domain.task import Stage
from shadowbert.errors import OperatorError
from shadowbert.flow.operate import Operator
from tests.e2e.calls import LABELS, TASK, asked, call
from tests.e2e.conftest import NO_TRAINING, QUICK, Api
from tests.e2e.seed import EXAMPLES, settings
from tests.e2e.tree import Tree, planted, shadowbert, until

TEN_SECONDS = 10.0
"""Within which a command must show; the promise is two."""


@pytest.fixture(scope="module")
def served(trained_dir: Path, api: Api) -> Iterator[Tree]:
    with planted(Tree(trained_dir, api.url, QUICK | NO_TRAINING, ("--no-worker",))) as tree:
        yield tree


@pytest.fixture
def tree(served: Tree) -> Tree:
    """With the task in shadow, whatever the test before did."""
    with open_store(settings(served.data_dir)) as store:
        operate, who = open_operations(settings(served.data_dir), store).operate, Operator("a test")
        for act in (operate.rollback, operate.resume):
            try:
                act(TASK, who)
            except OperatorError:
                continue
    return served


def reaches(caller: openai.OpenAI, numbers: Iterator[int], route: str) -> None:
    """Some call goes this way, before ten seconds are over."""
    seen: set[str] = set()

    def asked() -> bool:
        answer = call(caller, next(numbers))
        assert answer is not None
        seen.add(answer.route)
        return answer.route == route

    until(asked, seconds=TEN_SECONDS, told=lambda: seen)


def test_cutover_by_force_and_rollback(tree: Tree, caller: openai.OpenAI, numbers: Iterator[int]) -> None:
    reaches(caller, numbers, "llm:shadow")
    forced = tree.told("cutover", TASK, "--force", "--why", "a trial")
    assert (forced["stage"], forced["forced"]) == ("live", True)
    reaches(caller, numbers, "student")
    assert tree.told("rollback", TASK)["stage"] == "shadow"
    reaches(caller, numbers, "llm:shadow")
    routes = [answer.route for _ in range(20) if (answer := call(caller, next(numbers)))]
    assert routes == ["llm:shadow"] * 20
    (shown,) = tree.told("show", TASK)
    assert shown["held"]
    assert [verdict["why"] for verdict in shown["verdicts"]].count("a trial") == 1


def test_cutover_refuses_before_the_gate_has_passed(tree: Tree) -> None:
    refused = tree.cli("cutover", TASK)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"shadowbert: the gate has not passed for {TASK}: ")
    assert refused.stderr.strip().endswith("--force skips the gate")
    assert tree.versions()[-1].stage is Stage.SHADOW


def test_pause_and_resume(tree: Tree, caller: openai.OpenAI, numbers: Iterator[int]) -> None:
    assert tree.told("pause", TASK)["stage"] == "paused"
    reaches(caller, numbers, "llm:paused")
    again = tree.cli("pause", TASK)
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert "paused already" in again.stderr
    assert tree.told("resume", TASK)["stage"] == "shadow"
    reaches(caller, numbers, "llm:shadow")


def test_off_stops_the_log(tree: Tree, caller: openai.OpenAI, numbers: Iterator[int]) -> None:
    tree.told("off", TASK)
    reaches(caller, numbers, "llm:off")
    answer = call(caller, next(numbers))
    assert answer is not None
    row = until(lambda: next((row for row in tree.rows() if row.id == answer.exchange), None))
    assert (row.request, row.response, row.noted_version) == (None, None, None)


def test_a_new_name_shows_at_once_and_the_old_one_stays_good(
    tree: Tree, caller: openai.OpenAI, numbers: Iterator[int]
) -> None:
    def named(task: str | None = None) -> str:
        extra = {"X-Shadowbert-Task": task} if task else {}
        reply = caller.chat.completions.with_raw_response.create(**asked(next(numbers)), extra_headers=extra)
        return str(reply.headers.get("x-shadowbert-task"))

    assert named() == TASK
    renamed = tree.told("task", "rename", TASK, "front desk")
    assert (renamed["task"], renamed["former"]) == ("front desk", [TASK])
    until(lambda: named() == "front desk", seconds=TEN_SECONDS)
    assert (named(TASK), named("front desk")) == ("front desk", "front desk")
    assert tree.told("tasks")[0]["task"] == "front desk"
    assert tree.told("task", "rename", TASK, TASK)["former"] == ["front desk"]
    until(lambda: named("front desk") == TASK, seconds=TEN_SECONDS)


@pytest.mark.parametrize("verb", ["cutover", "rollback", "pause", "resume", "off", "retrain", "show"])
def test_an_unknown_task_is_one_line(tree: Tree, verb: str) -> None:
    done = tree.cli(verb, "nonsuch")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"shadowbert: no task is called 'nonsuch'; known tasks: {TASK}\n"


def test_status_and_show_as_json(tree: Tree) -> None:
    (status,) = tree.told("status")
    (shown,) = tree.told("show", TASK)
    assert status["task"] == TASK
    assert (shown["stage"], shown["examples"], shown["target"]) == ("shadow", EXAMPLES, 0.8)
    assert list(shown["fields"].values()) == [list(LABELS)]
    assert [student["recipe"] for student in shown["students"]] == ["probe"]


def test_status_and_show_for_people(tree: Tree) -> None:
    assert TASK in tree.cli("status").stdout
    assert tree.cli("show", TASK).stdout.startswith(f"{TASK}  (gpt-4o-2024-08-06, version ")


def test_doctor_as_json(tree: Tree) -> None:
    findings = {finding["check"]: finding for finding in tree.told("doctor")}
    assert findings["database"]["ok"]
    assert findings["processes"]["detail"] == "web running, loader running"


def test_retrain_as_json(tree: Tree) -> None:
    assert tree.told("retrain", TASK) == {"task": TASK, "examples": EXAMPLES, "queued": True}
    with tree.store() as store, store.read() as work:
        job = work.jobs.latest(tree.versions()[-1].id)
    assert job is not None
    assert job.state == "queued"


def test_without_a_database_commands_say_how_to_get_one(tmp_path: Path) -> None:
    done = shadowbert("status", f"--data-dir={tmp_path}")
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no database" in done.stderr
    assert "shadowbert serve" in done.stderr
