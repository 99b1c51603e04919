"""`shadowbert doctor`."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from shadowbert.children import FILE_NAME, Child, Children, ChildState, write_children
from tests.cli.conftest import Shell


def details(shell: Shell, *words: str) -> dict[str, tuple[bool, str]]:
    return {f["check"]: (f["ok"], f["detail"]) for f in shell.json("doctor", *words)}


def child(name: str, state: ChildState, since: float) -> Child:
    return Child(name=name, state=state, pid=None, restarts=0, exit_code=None, since=since)


def supervise(shell: Shell, state: ChildState, *, pid: int | None = None, since: float | None = None) -> None:
    """As a supervisor writes it; unless told otherwise this process is the one."""
    since = time.time() if since is None else since
    children = tuple(child(name, state, since) for name in ("web", "worker"))
    write_children(shell.folder / FILE_NAME, Children(pid or os.getpid(), children))


def dead_pid() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_before_the_first_start_all_is_well(tmp_path: Path) -> None:
    found = details(Shell(tmp_path / "absent"))
    assert all(ok for ok, _ in found.values())
    assert found["database"][1] == "will be made at the first start"
    assert not (tmp_path / "absent").exists(), "it only looks"


def test_it_makes_the_token_when_asked_and_never_shows_it(shell: Shell) -> None:
    found = details(shell, "--make-token")
    path = shell.folder / "admin-token"
    assert found["admin token"] == (True, str(path))
    assert path.read_text("ascii").strip() not in shell("doctor").output


@pytest.mark.parametrize(
    ("state", "ok"), [(ChildState.RUNNING, True), (ChildState.BACKOFF, False), (ChildState.STOPPED, True)]
)
def test_processes(state: ChildState, *, ok: bool, shell: Shell) -> None:
    supervise(shell, state)
    result = shell("doctor")
    assert f"{'ok  ' if ok else 'FAIL'}  processes: web {state}, worker {state}" in result.stdout
    assert result.exit_code == (0 if ok else 1)


def test_it_shows_where_trainings_would_compute(shell: Shell) -> None:
    assert details(shell)["training"][0]
    result = shell("doctor", "--set", "training.device=cuda:99")
    assert result.exit_code == 1
    assert "FAIL  training: training.device is cuda:99, but torch sees" in result.stdout


def test_it_shows_where_students_would_answer(shell: Shell) -> None:
    assert details(shell)["students"] == (True, "on the CPU")


def test_a_killed_tree_is_not_running(shell: Shell) -> None:
    supervise(shell, ChildState.RUNNING, pid=dead_pid())
    result = shell("doctor")
    assert "FAIL  processes: not running (it died)" in result.stdout
    assert result.exit_code == 1


def test_a_younger_process_under_the_supervisors_number_is_somebody_else(shell: Shell) -> None:
    supervise(shell, ChildState.RUNNING, since=psutil.Process().create_time() - 60)
    assert "FAIL  processes: not running (it died)" in shell("doctor").stdout


def test_a_tree_that_was_stopped_in_order_has_not_died(shell: Shell) -> None:
    supervise(shell, ChildState.STOPPED, pid=dead_pid())
    assert details(shell)["processes"] == (True, "web stopped, worker stopped")


def test_a_database_may_be_missing_only_while_nothing_runs(shell: Shell) -> None:
    (shell.folder / "shadowbert.db").unlink()
    supervise(shell, ChildState.RUNNING, pid=dead_pid())
    assert "ok    database: will be made at the first start" in shell("doctor").stdout
    supervise(shell, ChildState.RUNNING)
    result = shell("doctor")
    assert f"FAIL  database: {shell.folder / 'shadowbert.db'} is gone while shadowbert runs" in result.stdout
    assert result.exit_code == 1


def test_a_token_that_others_can_read_and_a_spoilt_database_fail(shell: Shell) -> None:
    token = shell.folder / "admin-token"
    token.write_text("open", "ascii")
    token.chmod(0o644)
    (shell.folder / "shadowbert.db").write_bytes(b"")
    result = shell("doctor")
    assert result.exit_code == 1
    assert f"FAIL  admin token: {token}: others can read the admin token; run: chmod 600 {token}" in result.stdout
    assert "FAIL  database: the database is at revision none" in result.stdout


def test_beyond_loopback_a_token_must_be_there(shell: Shell) -> None:
    result = shell("doctor", "--set", "server.host=0.0.0.0")
    assert result.exit_code == 1
    assert "FAIL  admin token: none yet" in result.stdout
