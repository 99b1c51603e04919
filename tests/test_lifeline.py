import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shadowbert.lifeline import ORPHANED, Lifeline, follow

ROOT = Path(__file__).parents[1]
CHILD = [sys.executable, "-m", "tests.stub_child"]


def child(plan: str, directory: Path, lifeline: Lifeline) -> subprocess.Popen[bytes]:
    started = subprocess.Popen(
        [*CHILD, plan, directory, "--lifeline", str(lifeline.fd)], pass_fds=[lifeline.fd], cwd=ROOT
    )
    while not (directory / "notes").exists():
        assert started.poll() is None
        time.sleep(0.01)
    return started


def test_a_child_lives_as_long_as_its_lifeline(tmp_path: Path) -> None:
    with Lifeline() as lifeline:
        started = child("obedient", tmp_path, lifeline)
        with pytest.raises(subprocess.TimeoutExpired):
            started.wait(0.1)
    assert started.wait(20) == 0
    assert (tmp_path / "notes").read_text().split("\n")[1] == "stop obedient"


def test_a_child_that_ignores_signals_is_ended_after_its_grace(tmp_path: Path) -> None:
    with Lifeline() as lifeline:
        started = child("stubborn", tmp_path, lifeline)
    assert started.wait(20) == ORPHANED


def program(text: str, lifeline: Lifeline) -> subprocess.Popen[bytes]:
    text = f"import signal, sys, time\nfrom shadowbert.lifeline import follow\n{text}\ntime.sleep(60)"
    return subprocess.Popen([sys.executable, "-c", text, str(lifeline.fd)], pass_fds=[lifeline.fd])


def test_a_parent_that_is_already_gone_is_noticed() -> None:
    ignoring = "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(0.1); follow(int(sys.argv[1]), grace_s=0)"
    with Lifeline() as lifeline:
        started = program(ignoring, lifeline)
    assert started.wait(20) == ORPHANED


def test_a_callback_that_fails_does_not_save_the_child() -> None:
    with Lifeline() as lifeline:
        started = program("follow(int(sys.argv[1]), on_close=lambda: 1 / 0)", lifeline)
    assert started.wait(20) == ORPHANED


def test_children_hold_no_write_end_of_each_other(tmp_path: Path) -> None:
    """A sibling that inherited the write end would keep the others alive."""
    (tmp_path / "a").mkdir()
    with Lifeline() as lifeline:
        bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        started = child("obedient", tmp_path / "a", lifeline)
    assert started.wait(20) == 0
    assert bystander.poll() is None
    bystander.kill()
    assert bystander.wait() == -signal.SIGKILL


def test_an_fd_that_was_not_inherited_is_told_at_once() -> None:
    read, write = os.pipe()
    os.close(write)
    os.close(read)
    with pytest.raises(OSError, match="Bad file descriptor"):
        follow(read)
