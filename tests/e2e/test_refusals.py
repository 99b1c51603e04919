"""What `serve` refuses, it refuses before a child starts: exit code 2 and one line that says what to do."""

import socket
import sqlite3
from pathlib import Path
from subprocess import DEVNULL, CompletedProcess, Popen

import pytest

from shadowbert.store.store import Store
from tests.e2e.calls import TASK, call, client
from tests.e2e.conftest import Plant
from tests.e2e.tree import PATIENCE_S, ROOT, SHADOWBERT, environment, free_port, shadowbert, until


def serve(data_dir: Path, *flags: str) -> "CompletedProcess[str]":
    return shadowbert("serve", f"--data-dir={data_dir}", *flags)


def check(done: "CompletedProcess[str]", *words: str) -> None:
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.startswith("shadowbert: ")
    assert done.stderr.count("\n") == 1
    assert [word for word in words if word not in done.stderr] == []


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        check(serve(tmp_path, f"--port={port}"), f"cannot listen on 127.0.0.1 port {port}: Address already in use")
    assert not (tmp_path / "children.json").exists()


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--set=policy.target=2", "flag policy.target: should be less than 1 (got '2')"),
        ("--set=policy.tarqet=0.9", 'did you mean "target"?'),
        ("--set=policy", "should be KEY=VALUE"),
        ("--upstream=ftp://example.com", "should be an http or https URL"),
        ("--config=/no/such/file.toml", "/no/such/file.toml: cannot be read"),
    ],
)
def test_bad_settings(tmp_path: Path, flag: str, words: str) -> None:
    check(serve(tmp_path, flag), words)


def test_beyond_loopback_without_a_token(tmp_path: Path) -> None:
    words = "0.0.0.0 can be reached from other machines", "shadowbert doctor --make-token"
    check(serve(tmp_path, "--host=0.0.0.0", f"--port={free_port()}"), *words)


def test_a_database_of_a_newer_program(tmp_path: Path, migrated_sqlite: Path) -> None:
    database = tmp_path / "shadowbert.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v9_9_9'")
    connection.close()
    check(serve(tmp_path, f"--port={free_port()}"), "at revision v9_9_9", "upgrade shadowbert itself")


def test_a_database_of_an_older_program(tmp_path: Path) -> None:
    """One that other hosts share is upgraded by an operator, not by whoever starts first."""
    url = f"--set=store.url=sqlite:///{tmp_path / 'shared.db'}"
    check(serve(tmp_path, f"--port={free_port()}", url), "run: shadowbert db upgrade")
    assert shadowbert("db", "upgrade", f"--data-dir={tmp_path}", url).returncode == 0
    store = Store(f"sqlite:///{tmp_path / 'shared.db'}")
    store.check()
    store.close()


def test_a_second_server_on_one_data_directory(plant: Plant) -> None:
    tree = plant("--no-worker")
    assert tree.process is not None
    check(serve(tree.data_dir, f"--port={free_port()}"), f"already running (pid {tree.process.pid})")
    assert tree.ready()


def test_a_worker_of_its_own(plant: Plant) -> None:
    tree = plant("--no-worker")
    with client(tree.url) as caller:
        assert all(call(caller, n) for n in range(25))
    assert {name.split("-")[0] for name in tree.children()} == {"web", "loader"}
    assert tree.versions() == []
    command = [*SHADOWBERT, "work", f"--data-dir={tree.data_dir}", *tree.pairs]
    with Popen(command, cwd=ROOT, env=environment(), stdin=DEVNULL, stderr=DEVNULL, process_group=0) as worker:
        try:
            until(tree.versions, told=tree.said)
        finally:
            worker.terminate()
        assert worker.wait(PATIENCE_S) == 0
    assert [version.task for version in tree.versions()] == [TASK]
    assert tree.ready()
