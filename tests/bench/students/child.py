"""Runs one training as a process of its own, to know what that process alone took."""

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shadowbert.settings import training_environment


class Failed(Exception):
    """A student that did not come to be, and why."""


POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Ended:
    output: str
    seconds: float
    cpu_seconds: float
    """On one thread what a quiet core takes; the wall clock counts the neighbours too."""
    mib: float
    """The most memory it ever held."""


def run(command: Sequence[str], stdin: Path | None = None) -> Ended:
    """On one thread. Raises Failed with the last line of what it said."""
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as faults:
        with Path(stdin or os.devnull).open() as given:
            child = subprocess.Popen(command, stdin=given, stdout=said, stderr=faults, env=training_environment(1))
        mib, done = 0.0, 0
        while not done:
            mib = max(mib, _peak_mib(child.pid))
            time.sleep(POLL_S)
            done, status, used = os.wait4(child.pid, os.WNOHANG)
        child.returncode = os.waitstatus_to_exitcode(status)  # so that nobody waits for it again
        said.seek(0)
        faults.seek(0)
        output, fault = said.read(), faults.read()
    if child.returncode != 0:
        raise Failed((fault or output).strip().rpartition("\n")[2] or f"exit code {child.returncode}")
    return Ended(output, time.monotonic() - started, used.ru_utime + used.ru_stime, mib)


def _peak_mib(pid: int) -> float:
    """Its high-water mark so far. Not `ru_maxrss`: Linux counts what the parent held before the child's exec too."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:  # gone, or no Linux
        return 0.0
    peaks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(peaks[0]) / 1024 if peaks else 0.0
