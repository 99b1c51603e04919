import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.children import Child, Children, ChildState, read_children, write_children
from shadowbert.errors import ConfigError
from shadowbert.supervisor import Backoff, listen, orphans, serve_specs, single_instance

ROOT = Path(__file__).parents[1]
WORD_S = 30


class House:
    """A supervisor over stub children, in a process of its own."""

    def __init__(self, directory: Path, *kinds: str, grace_s: float = 20.0) -> None:
        self.directory = directory
        command = [sys.executable, "-m", "tests.stub_serve", str(directory), str(grace_s), *kinds]
        self.process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, process_group=0)

    def notes(self) -> list[str]:
        path = self.directory / "notes"
        return path.read_text().splitlines() if path.exists() else []

    def children(self) -> dict[str, Child]:
        found = read_children(self.directory / "children.json")
        return {child.name: child for child in found.children} if found else {}

    def until(self, seen: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WORD_S
        while not seen():
            assert time.monotonic() < deadline, (self.notes(), self.children())
            assert self.process.poll() is None, self.process.stderr
            time.sleep(0.01)

    def started(self, *words: str) -> None:
        self.until(lambda: all(self.notes().count(word) >= words.count(word) for word in words))

    def tree(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, signum: signal.Signals) -> int:
        self.process.send_signal(signum)
        return self.process.wait(WORD_S)


@contextmanager
def house(directory: Path, *kinds: str, grace_s: float = 20.0) -> Iterator[House]:
    made = House(directory, *kinds, grace_s=grace_s)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()
        assert made.process.stderr is not None
        made.process.stderr.close()  # unread: an orphan that should not be may still hold its other end


def gone(processes: list[psutil.Process]) -> bool:
    """Ended, whether or not its new parent has looked."""
    deadline = time.monotonic() + WORD_S
    while any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_kinds_stop_in_order_and_the_exit_is_clean(tmp_path: Path, signum: signal.Signals) -> None:
    with house(tmp_path, "web=obedient*2", "loader=obedient", "worker=obedient") as running:
        running.started("start web", "start web", "start loader", "start worker")
        tree = running.tree()
        assert len(tree) == 4
        assert set(running.children()) == {"web-0", "web-1", "loader", "worker"}
        assert running.end(signum) == 0
        assert running.notes()[4:] == ["stop web", "stop web", "stop loader", "stop worker"]
        assert gone(tree)
        assert {child.state for child in running.children().values()} == {ChildState.STOPPED}


def test_ctrl_c_in_a_terminal_keeps_the_order(tmp_path: Path) -> None:
    """A terminal signals the whole foreground group; the children must not be in it."""
    with house(tmp_path, "web=obedient", "loader=obedient") as running:
        running.started("start web", "start loader")
        os.killpg(running.process.pid, signal.SIGINT)
        assert running.process.wait(WORD_S) == 0
        assert running.notes()[2:] == ["stop web", "stop loader"]


def test_killed_the_supervisor_leaves_no_child(tmp_path: Path) -> None:
    with house(tmp_path, "obedient*2", "stubborn", "parent") as running:
        running.started("start obedient", "start obedient", "start stubborn", "start parent", "start grandchild")
        tree = running.tree()
        assert len(tree) == 5
        assert running.end(signal.SIGKILL) == -signal.SIGKILL
        assert gone(tree)


def test_a_crashed_child_starts_again(tmp_path: Path) -> None:
    with house(tmp_path, "crashing", "obedient") as running:
        running.started(*["start crashing"] * 3, "start obedient")
        running.until(lambda: running.children()["crashing"].state is ChildState.RUNNING)
        crashed, other = running.children()["crashing"], running.children()["obedient"]
        assert (crashed.restarts, crashed.exit_code) == (2, 7)
        assert (other.restarts, other.exit_code) == (0, None)
        assert running.end(signal.SIGTERM) == 0


def test_a_killed_child_starts_again(tmp_path: Path) -> None:
    with house(tmp_path, "obedient") as running:
        running.started("start obedient")
        os.kill(running.children()["obedient"].pid or 0, signal.SIGKILL)
        running.started("start obedient", "start obedient")
        running.until(lambda: running.children()["obedient"].exit_code == -signal.SIGKILL)
        assert running.end(signal.SIGTERM) == 0


def test_a_program_that_cannot_start_is_tried_again(tmp_path: Path) -> None:
    with house(tmp_path, "absent", "obedient") as running:
        running.until(lambda: "absent" in running.children() and running.children()["absent"].restarts >= 2)
        assert running.children()["absent"].state is ChildState.BACKOFF
        running.started("start obedient")
        assert running.end(signal.SIGTERM) == 0


def test_a_child_that_does_not_stop_is_killed_after_its_grace(tmp_path: Path) -> None:
    with house(tmp_path, "stubborn", "obedient", grace_s=0.3) as running:
        running.started("start stubborn", "start obedient")
        tree = running.tree()
        assert running.end(signal.SIGTERM) == 1
        assert running.notes()[-1] == "stop obedient"
        assert gone(tree)


def test_a_second_signal_exits_at_once(tmp_path: Path) -> None:
    with house(tmp_path, "careless", "obedient", grace_s=600.0) as running:
        running.started("start careless", "start obedient")
        tree = running.tree()
        assert len(tree) == 3
        running.process.send_signal(signal.SIGTERM)
        running.until(lambda: running.children()["careless"].state is ChildState.STOPPING)
        assert running.end(signal.SIGINT) == 128 + signal.SIGINT
        assert gone(tree)
        assert "stop obedient" not in running.notes()


def test_there_are_no_zombies(tmp_path: Path) -> None:
    with house(tmp_path, "crashing", "obedient") as running:
        running.started(*["start crashing"] * 3, "start obedient")
        running.until(lambda: running.children()["crashing"].state is ChildState.RUNNING)
        assert [process.status() for process in running.tree()].count(psutil.STATUS_ZOMBIE) == 0


def test_listening_children_share_the_one_socket(tmp_path: Path) -> None:
    with house(tmp_path, "answering*2") as running:
        running.started("start answering", "start answering")
        port = int((tmp_path / "port").read_text())
        pids = {str(child.pid) for child in running.children().values()}
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", port), timeout=WORD_S) as connection:
                assert connection.recv(100).decode() in pids


def test_connections_wait_while_a_listening_child_restarts(tmp_path: Path) -> None:
    with house(tmp_path, "answering") as running:
        running.started("start answering")
        port = int((tmp_path / "port").read_text())
        (child,) = running.tree()
        child.kill()
        assert gone([child])
        with socket.create_connection(("127.0.0.1", port), timeout=WORD_S) as connection:
            assert connection.recv(100).isdigit()


def test_a_state_file_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "children.tmp").mkdir()
    with house(tmp_path, "obedient") as running:
        running.started("start obedient")
        assert running.end(signal.SIGTERM) == 0
        assert running.process.stderr is not None
        assert "cannot write" in running.process.stderr.read()


def test_two_houses_do_not_share_a_data_directory(tmp_path: Path) -> None:
    with house(tmp_path, "obedient") as first:
        first.started("start obedient")
        with house(tmp_path, "obedient") as second:
            assert second.process.wait(WORD_S) == 2
            assert second.process.stderr is not None
            assert second.process.stderr.read() == f"{tmp_path}: already running (pid {first.process.pid})\n"


def test_the_lock_is_free_again_after_its_holder(tmp_path: Path) -> None:
    for _ in range(2):
        with single_instance(tmp_path / "new"):
            assert (tmp_path / "new" / "serve.lock").read_text() == str(os.getpid())
            with pytest.raises(ConfigError, match=f"pid {os.getpid()}"), single_instance(tmp_path / "new"):
                pass


def test_a_data_directory_that_cannot_be_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be opened"), single_instance(tmp_path / "file"):
        pass


def test_a_port_in_use_is_a_config_error() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1 port {port}: Address already in use"):
            listen("127.0.0.1", port)


def test_a_port_that_orphans_hold_is_waited_for() -> None:
    taken = listen("127.0.0.1", 0)
    port = taken.getsockname()[1]
    threading.Timer(0.2, taken.close).start()
    with listen("127.0.0.1", port, patience_s=WORD_S) as listener:
        assert listener.getsockname()[1] == port


def test_orphans_are_those_who_lived_when_the_file_was_written(tmp_path: Path) -> None:
    state_file = tmp_path / "children.json"
    assert orphans(state_file) == []
    with subprocess.Popen(["/bin/sleep", "600"]) as sleeper:
        now, pid = time.time(), sleeper.pid
        spoken = [("orphan", pid, now), ("another with its number", pid, now - 3600), ("stopped", None, now)]
        children = [
            Child(name, ChildState.RUNNING, given, restarts=0, exit_code=None, since=since)
            for name, given, since in spoken
        ]
        write_children(state_file, Children(1, tuple(children)))
        assert orphans(state_file) == [pid]
        sleeper.kill()
        assert gone([psutil.Process(pid)])
        assert orphans(state_file) == []


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_ours_is_a_config_error(host: str) -> None:
    with pytest.raises(ConfigError, match="cannot listen on"):
        listen(host, 0)


def test_ipv6_is_listened_on() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        with listen("::1", 0) as listener:
            assert listener.family is socket.AF_INET6
    except ConfigError:
        pytest.skip("no IPv6 loopback here")


@given(st.integers(1, 10_000), st.floats(0.001, 10), st.floats(1, 100))
def test_waits_grow_to_their_limit(crashes: int, first_s: float, most_s: float) -> None:
    backoff = Backoff(first_s=first_s, most_s=most_s)
    assert backoff.delay_s(crashes) <= backoff.delay_s(crashes + 1) <= most_s
    assert backoff.delay_s(1) == min(first_s, most_s)


def test_serving_has_its_processes_in_stopping_order() -> None:
    web, loader, worker = serve_specs(["--config", "x.toml"], processes=3)
    assert (web.name, web.count, web.listens) == ("web", 3, True)
    assert web.argv[-3:] == ("shadowbert.web", "--config", "x.toml")
    assert loader.argv[-4:] == ("shadowbert.worker", "loader", "--config", "x.toml")
    assert worker.argv[-4:] == ("shadowbert.worker", "worker", "--config", "x.toml")
    assert [spec.name for spec in serve_specs([], processes=1, worker=False)] == ["web", "loader"]
