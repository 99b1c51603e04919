"""The parent of a host's processes: starts them, restarts what crashes, stops them in order, leaves none behind.

Refuses to know what they do: a child is a command line. It gets `--lifeline FD`, and `--socket FD` where it listens.
"""

import errno
import fcntl
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from shadowbert.children import Child, Children, ChildState, read_children, write_children
from shadowbert.errors import ConfigError
from shadowbert.lifeline import Lifeline

LOCK_NAME = "serve.lock"
BACKLOG = 2048
RETRY_S = 0.1

_log = logging.getLogger(__name__)
_STOP = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """A kind of child. Kinds stop in the order in which they are given, each when the one before is gone."""

    name: str
    argv: tuple[str, ...]
    count: int = 1
    listens: bool = False
    grace_s: float = 30.0
    """From SIGTERM to SIGKILL."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a crashed child waits. A run of `stable_s` makes its crashes forgotten."""

    first_s: float = 0.5
    most_s: float = 30.0
    stable_s: float = 60.0

    def delay_s(self, crashes: int) -> float:
        """Before the start that follows this many crashes in a row.

        >>> [Backoff().delay_s(n) for n in (1, 2, 3, 100)]
        [0.5, 1.0, 2.0, 30.0]
        """
        return min(self.most_s, self.first_s * 2.0 ** min(crashes - 1, 30))


@contextmanager
def single_instance(data_dir: Path) -> Iterator[None]:
    """Holds the data directory for this process; the kernel lets go of it when the process dies. Raises ConfigError."""
    path = data_dir / LOCK_NAME
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be opened: {exc.strerror}") from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(file, 32, 0).decode() or "unknown"
            raise ConfigError(f"{data_dir}: already running (pid {holder})") from None
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(file)


def orphans(state_file: Path) -> list[int]:
    """Process ids of a killed supervisor's children that are still there: until they notice, they hold its port.

    A process that is younger than the file's word on its number is somebody else.
    """
    try:
        found = read_children(state_file)
    except OSError:
        return []
    return [child.pid for child in (found.children if found else ()) if child.pid and _lived_at(child.pid, child.since)]


def supervised(children: Children) -> bool:
    """Whether the supervisor that wrote this still lives: it is older than the last word on any of its children."""
    return _lived_at(children.supervisor, min((child.since for child in children.children), default=0.0))


def _lived_at(pid: int, moment: float) -> bool:
    try:
        process = psutil.Process(pid)
        return process.create_time() < moment + 1 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def listen(host: str, port: int, *, patience_s: float = 0.0) -> socket.socket:
    """The one socket that all web processes accept from, bound before any of them starts. Raises ConfigError.

    With patience a port in use is tried again.
    """
    until = time.monotonic() + patience_s
    while True:
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
            return socket.create_server((host, port), family=family, backlog=BACKLOG)
        except OSError as exc:
            if exc.errno != errno.EADDRINUSE or time.monotonic() >= until:
                raise ConfigError(f"cannot listen on {host} port {port}: {exc.strerror or exc}") from None
        time.sleep(RETRY_S)


def serve_specs(arguments: Sequence[str], *, processes: int, worker: bool = True) -> tuple[ChildSpec, ...]:
    """The children of `shadowbert serve`; `arguments` go to each as they are. In stopping order: web drains, the loader
    empties what web still wrote, then the worker.
    """

    def command(*words: str) -> tuple[str, ...]:
        # -P: a file in the working directory must not pass for one of our modules.
        return (sys.executable, "-P", "-m", *words, *arguments)

    serving = (
        ChildSpec("web", command("shadowbert.web"), count=processes, listens=True),
        ChildSpec("loader", command("shadowbert.worker", "loader")),
    )
    return (*serving, ChildSpec("worker", command("shadowbert.worker", "worker"))) if worker else serving


class Supervisor:
    """Runs in the main thread of a process of its own: it takes the signals and reaps every child."""

    def __init__(
        self,
        specs: Sequence[ChildSpec],
        *,
        state_file: Path,
        listener: socket.socket | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        backoff = backoff or Backoff()
        self._kinds = [[_Process(spec, number, backoff) for number in range(spec.count)] for spec in specs]
        self._all = [process for kind in self._kinds for process in kind]
        self._state_file = state_file
        self._listener = listener
        self._published: Children | None = None

    def run(self) -> int:
        """Until SIGTERM or SIGINT. The exit code: 0 after a clean stop, 1 when a child had to be killed, 128 + the
        signal when a second one cut the stop short.
        """
        with _signals() as inbox, Lifeline() as lifeline:
            try:
                while not inbox.wait(self._start_due(lifeline)):
                    self._reap()
                return self._stop(inbox)
            finally:
                self._kill(self._all)
                self._publish()

    def _start_due(self, lifeline: Lifeline) -> float | None:
        """Starts what may start; the seconds until the next one may, None where all run."""
        now = time.monotonic()
        for process in self._all:
            if process.pid is None and process.due <= now:
                process.start(lifeline, self._listener)
        self._publish()
        return min((max(0.0, process.due - now) for process in self._all if process.pid is None), default=None)

    def _stop(self, inbox: "_Inbox") -> int:
        clean = True
        if self._listener:
            self._listener.close()  # or clients would wait for an accept that never comes
        for kind in self._kinds:
            deadline = time.monotonic() + max((process.spec.grace_s for process in kind), default=0.0)
            for process in kind:
                process.terminate()
            while any(process.pid for process in kind):
                self._publish()
                if again := inbox.wait(max(0.0, deadline - time.monotonic())):
                    return 128 + again
                self._reap()
                if time.monotonic() >= deadline:
                    clean = self._kill(kind) and clean
        return 0 if clean else 1

    def _reap(self) -> None:
        """Every child that has ended. As process 1 of a container we inherit others' children: they end here too."""
        running = {process.pid: process for process in self._all if process.pid}
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if process := running.get(ended[0]):
                    process.ended(os.waitstatus_to_exitcode(ended[1]))

    def _kill(self, processes: Sequence["_Process"]) -> bool:
        """True when there was nothing to kill. A child's own children go with it."""
        alive = [process for process in processes if process.pid]
        for process in alive:
            process.kill()
        return not alive

    def _publish(self) -> None:
        children = Children(os.getpid(), tuple(process.report() for process in self._all))
        if children == self._published:
            return
        try:
            write_children(self._state_file, children)
            self._published = children
        except OSError as exc:
            _log.warning("cannot write %s: %s", self._state_file, exc.strerror)


class _Process:
    """One child through all its starts."""

    def __init__(self, spec: ChildSpec, number: int, backoff: Backoff) -> None:
        self.spec = spec
        self.due = 0.0
        self._name = spec.name if spec.count == 1 else f"{spec.name}-{number}"
        self._backoff = backoff
        self._popen: subprocess.Popen[bytes] | None = None
        self._state = ChildState.STOPPED
        self._since = time.time()
        self._started = 0.0
        self._starts = 0
        self._crashes = 0
        self._exit_code: int | None = None

    @property
    def pid(self) -> int | None:
        return self._popen.pid if self._popen else None

    def start(self, lifeline: Lifeline, listener: socket.socket | None) -> None:
        argv, fds = [*self.spec.argv, "--lifeline", str(lifeline.fd)], [lifeline.fd]
        if listener and self.spec.listens:
            argv, fds = [*argv, "--socket", str(listener.fileno())], [*fds, listener.fileno()]
        self._started = time.monotonic()
        self._starts += 1
        try:
            # A group of its own: Ctrl-C in a terminal reaches us alone, and the order of stopping stays ours.
            self._popen = subprocess.Popen(argv, pass_fds=fds, stdin=subprocess.DEVNULL, process_group=0)  # noqa: S603 - our own
        except OSError as exc:
            _log.warning("%s cannot be started: %s", self._name, exc)
            self._crashed()
        else:
            self._become(ChildState.RUNNING)

    def terminate(self) -> None:
        if pid := self.pid:
            os.kill(pid, signal.SIGTERM)
            self._become(ChildState.STOPPING)
        else:
            self._become(ChildState.STOPPED)

    def kill(self) -> None:
        if pid := self.pid:
            os.killpg(pid, signal.SIGKILL)
            self._become(ChildState.STOPPING)
            self.ended(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

    def ended(self, exit_code: int) -> None:
        """The exit code as `os.waitstatus_to_exitcode` gives it."""
        if self._popen:
            self._popen.returncode = exit_code  # reaped by us, not by it
        self._popen = None
        self._exit_code = exit_code
        if self._state is ChildState.STOPPING:
            self._become(ChildState.STOPPED)
        else:
            _log.warning("%s ended with %d", self._name, exit_code)
            self._crashed()

    def report(self) -> Child:
        restarts = max(0, self._starts - 1)
        return Child(self._name, self._state, self.pid, restarts, exit_code=self._exit_code, since=self._since)

    def _crashed(self) -> None:
        now = time.monotonic()
        self._crashes = 1 if now - self._started >= self._backoff.stable_s else self._crashes + 1
        self.due = now + self._backoff.delay_s(self._crashes)
        self._become(ChildState.BACKOFF)

    def _become(self, state: ChildState) -> None:
        self._state = state
        self._since = time.time()


class _Inbox:
    """Signals as they arrive, read in the main loop instead of in handlers."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._stops: list[int] = []

    def wait(self, timeout_s: float | None) -> int | None:
        """The next signal to stop; None when the time is over or a child has ended."""
        if not self._stops and select.select([self._fd], [], [], timeout_s)[0]:
            self._stops += [number for number in os.read(self._fd, 4096) if number in _STOP]
        return self._stops.pop(0) if self._stops else None


@contextmanager
def _signals() -> Iterator[_Inbox]:
    """The interpreter writes each signal's number into a pipe; without handlers of its own it would not."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    before = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    handlers = {number: signal.signal(number, _ignore) for number in (*_STOP, signal.SIGCHLD)}
    try:
        yield _Inbox(read)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before)
        os.close(read)
        os.close(write)


def _ignore(*_: object) -> None:
    """The number is in the pipe."""
