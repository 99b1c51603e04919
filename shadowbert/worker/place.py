"""Asks where a training would compute, and where students would answer, in processes of their own: this one loads
neither torch nor the model runtime.
"""

import subprocess
import sys
from importlib.metadata import version

from shadowbert.settings import training_environment

PATIENCE_S = 120.0


def training_place(device: str, devices: int) -> tuple[bool, str]:
    """Whether it could, and where or why not."""
    if (device, devices) in (("cpu", 1), ("auto", 1)) and version("torch").endswith("+cpu"):
        return True, "on the CPU (this torch is built for nothing else)"
    return _said("shadowbert.bert.training.device", device, str(devices))


def serving_place(device: str) -> tuple[bool, str]:
    """Whether they could, and where or why not."""
    return (True, "on the CPU") if device == "cpu" else _said("shadowbert.bert.serving.device", device)


def _said(module: str, *words: str) -> tuple[bool, str]:
    command = [sys.executable, "-P", "-m", module, *words]
    try:
        said = subprocess.run(  # noqa: S603 - our own module, no shell
            command, capture_output=True, text=True, env=training_environment(1), timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False, f"nothing was said within {PATIENCE_S:g} s of which devices there are"
    lines = (said.stderr if said.returncode else said.stdout).strip().split("\n")
    return said.returncode == 0, lines[-1]
