"""A real `shadowbert serve` in a process of its own, with its children, on real sockets and a real store."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from shadowbert.children import FILE_NAME, Child, ChildState, read_children
from shadowbert.domain.records import LoggedExchange, VersionRow
from shadowbert.errors import StoreError
from shadowbert.lifeline import Lifeline
from shadowbert.settings import foreign_variables
from shadowbert.store.store import Store

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
"""Far beyond what anything here takes: a deadline for what never comes, not a measure."""
SHADOWBERT = (sys.executable, "-P", "-m", "shadowbert.cli.app")
WEB = {"web", "web-0", "web-1"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def environment() -> dict[str, str]:
    return {**foreign_variables(), "OMP_NUM_THREADS": "1", "COLUMNS": "300", "NO_COLOR": "1"}


def shadowbert(*arguments: object) -> "subprocess.CompletedProcess[str]":
    """The command line, to its end."""
    command = [*SHADOWBERT, *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def until(fact: Callable[[], object], *, seconds: float = PATIENCE_S, told: Callable[[], object] = str) -> Any:
    """Waits for a fact that other processes bring about; its value."""
    deadline = time.monotonic() + seconds
    while not (found := fact()):
        if time.monotonic() > deadline:
            pytest.fail(f"it did not happen: {told()}")
        time.sleep(0.02)
    return found


@dataclass
class Tree:
    data_dir: Path
    upstream: str
    settings: Mapping[str, object] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    flawed: bool = False
    """Counts as started although /readyz names a fault."""
    process: "subprocess.Popen[bytes] | None" = None
    lifeline: Lifeline = field(default_factory=Lifeline)
    """A killed test run leaves no server behind."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.data_dir.parent / f"{self.data_dir.name}.log"

    @property
    def store_url(self) -> str:
        return str(self.settings.get("store.url", f"sqlite:///{self.data_dir / 'shadowbert.db'}"))

    @property
    def pairs(self) -> list[str]:
        """The settings as a command line says them."""
        return [f"--set={key}={value}" for key, value in self.settings.items()]

    def start(self) -> None:
        flags = [f"--port={self.port}", f"--upstream={self.upstream}/v1", *self.flags]
        command = [*SHADOWBERT, "serve", f"--data-dir={self.data_dir}", *flags, *self.pairs]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, f"--lifeline={self.lifeline.fd}"],
                cwd=ROOT,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                pass_fds=(self.lifeline.fd,),
            )
        until(self.ready, told=self.said)

    def ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.said()
        children = read_children(self.data_dir / FILE_NAME)
        started = ("ready", "degraded") if self.flawed else ("ready",)
        mine = children is not None and children.supervisor == self.process.pid
        return mine and self.readyz().get("status") in started

    def readyz(self) -> dict[str, str]:
        """Empty while nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as reply:
                return dict(json.loads(reply.read()))
        except OSError:
            return {}

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]

    def children(self) -> dict[str, Child]:
        found = read_children(self.data_dir / FILE_NAME)
        return {child.name: child for child in found.children} if found else {}

    def family(self) -> list[psutil.Process]:
        """Every process of the tree below the supervisor."""
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def kill(self, name: str) -> None:
        """SIGKILL to a child that runs; returns when the supervisor knows."""
        child = until(lambda: (c := self.children()[name]).state is ChildState.RUNNING and c, told=self.said)
        os.kill(child.pid, signal.SIGKILL)
        until(lambda: self.children()[name].pid != child.pid, told=self.said)

    def running(self, name: str) -> bool:
        return self.children()[name].state is ChildState.RUNNING

    def kill_parent(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """The exit code."""
        self.send(number)
        return self.wait()

    def wait(self) -> int:
        assert self.process is not None
        return self.process.wait(PATIENCE_S)

    def cli(self, *arguments: object) -> "subprocess.CompletedProcess[str]":
        return shadowbert(*arguments, f"--data-dir={self.data_dir}", *self.pairs)

    def told(self, *arguments: object) -> Any:
        """What a command says as JSON."""
        done = self.cli(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @contextmanager
    def store(self) -> Iterator[Store]:
        store = Store(self.store_url)
        try:
            yield store
        finally:
            store.close()

    def total(self) -> int:
        """Rows in the store."""
        try:
            with self.store() as store, store.read() as work:
                return work.reports.total_exchanges()
        except StoreError:
            return -1

    def rows(self) -> list[LoggedExchange]:
        """The observed exchanges in load sequence."""
        with self.store() as store, store.read() as work:
            return work.exchanges.after(0, limit=100_000)

    def versions(self) -> list[VersionRow]:
        with self.store() as store, store.read() as work:
            return work.tasks.versions()


def gone(processes: list[psutil.Process]) -> bool:
    """Ended, whether or not its new parent has looked."""
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)


@contextmanager
def planted(tree: Tree) -> Iterator[Tree]:
    """Started, and felled with all its children however the test ends."""
    try:
        tree.start()
        yield tree
    finally:
        _fell(tree)


def _fell(tree: Tree) -> None:
    if tree.process is None:
        return
    family = tree.family() if tree.process.poll() is None else []
    tree.process.kill()
    tree.process.wait()
    for process in family:
        if not gone([process]):
            process.kill()
