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


@dataclass(frozen=True, slots=True)
class Ended:
    output: str
    seconds: float
    mib: float
    """The most memory it ever held."""


def run(command: Sequence[str], stdin: Path | None = None) -> Ended:
    """On one thread. Raises Failed with the last line of what it said."""
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as faults:
        with Path(stdin or os.devnull).open() as given:
            child = subprocess.Popen(command, stdin=given, stdout=said, stderr=faults, env=training_environment(1))
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)  # so that nobody waits for it again
        said.seek(0)
        faults.seek(0)
        output, fault = said.read(), faults.read()
    if child.returncode != 0:
        raise Failed((fault or output).strip().rpartition("\n")[2] or f"exit code {child.returncode}")
    return Ended(output, time.monotonic() - started, used.ru_maxrss / 1024)
