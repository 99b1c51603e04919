"""Asks where a training would compute, in a process of its own: this one never loads torch."""

import subprocess
import sys
from importlib.metadata import version

from shadowbert.settings import training_environment

PATIENCE_S = 120.0


def training_place(device: str, devices: int) -> tuple[bool, str]:
    """Whether it could, and where or why not."""
    if (device, devices) in (("cpu", 1), ("auto", 1)) and version("torch").endswith("+cpu"):
        return True, "on the CPU (this torch is built for nothing else)"
    command = [sys.executable, "-P", "-m", "shadowbert.bert.training.device", device, str(devices)]
    try:
        said = subprocess.run(  # noqa: S603 - our own module, no shell
            command, capture_output=True, text=True, env=training_environment(1), timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False, f"torch did not say within {PATIENCE_S:g} s which devices it sees"
    lines = (said.stderr if said.returncode else said.stdout).strip().split("\n")
    return said.returncode == 0, lines[-1]
