"""`shadowbert doctor`."""

from pathlib import Path

import pytest

from shadowbert.children import FILE_NAME, Child, Children, ChildState, write_children
from tests.cli.conftest import Shell


def details(shell: Shell, *words: str) -> dict[str, tuple[bool, str]]:
    return {f["check"]: (f["ok"], f["detail"]) for f in shell.json("doctor", *words)}


def child(name: str, state: ChildState) -> Child:
    return Child(name=name, state=state, pid=None, restarts=0, exit_code=None, since=0.0)


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
    write_children(shell.folder / FILE_NAME, Children(1, (child("web", state), child("worker", state))))
    result = shell("doctor")
    assert f"{'ok  ' if ok else 'FAIL'}  processes: web {state}, worker {state}" in result.stdout
    assert result.exit_code == (0 if ok else 1)


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
