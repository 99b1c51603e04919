"""The children of the process tests: `python -m tests.stub_child PLAN DIRECTORY [--lifeline FD] [--socket FD]`."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from shadowbert.lifeline import Lifeline, follow


def note(directory: Path, word: str) -> None:
    """One appended line a word, so that tests see the order."""
    file = os.open(directory / "notes", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{word}\n".encode())
    os.close(file)


def obedient(arguments: argparse.Namespace) -> None:
    """Ends on SIGTERM, and says so."""

    def stop(*_: object) -> None:
        note(arguments.directory, f"stop {arguments.name}")
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    note(arguments.directory, f"start {arguments.name}")
    while True:
        time.sleep(60)


def stubborn(arguments: argparse.Namespace) -> None:
    """Ignores every polite signal."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    note(arguments.directory, f"start {arguments.name}")
    while True:
        time.sleep(60)


def crashing(arguments: argparse.Namespace) -> None:
    """Crashes twice, then stays."""
    note(arguments.directory, "start crashing")
    if (arguments.directory / "notes").read_text().count("start crashing") <= 2:
        sys.exit(7)
    obedient(arguments)


def answering(arguments: argparse.Namespace) -> None:
    """Answers each connection with its process id."""
    with socket.socket(fileno=arguments.socket) as listener:
        note(arguments.directory, f"start {arguments.name}")
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(str(os.getpid()).encode())


def parent(arguments: argparse.Namespace) -> None:
    """Has a child of its own, as the worker has a trainer."""
    with Lifeline() as lifeline:
        own = [sys.executable, "-m", "tests.stub_child", "stubborn", arguments.directory, "--name", "grandchild"]
        with subprocess.Popen([*own, "--lifeline", str(lifeline.fd)], pass_fds=[lifeline.fd]) as child:
            note(arguments.directory, f"pid {child.pid}")
            obedient(arguments)


def careless(arguments: argparse.Namespace) -> None:
    """Has a child of its own that follows nobody."""
    with subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"]):
        stubborn(arguments)


PLANS: dict[str, Callable[[argparse.Namespace], None]] = {
    plan.__name__: plan for plan in (obedient, stubborn, crashing, answering, parent, careless)
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("plan")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--name", default="")
    parser.add_argument("--lifeline", type=int)
    parser.add_argument("--socket", type=int)
    given = parser.parse_args()
    given.name = given.name or given.plan
    if given.lifeline is not None:
        follow(given.lifeline, grace_s=0.3)
    PLANS[given.plan](given)
