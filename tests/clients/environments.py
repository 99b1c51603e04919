"""Builds the environment of each client library under `.clients/`, once a list of pins, and says how to run its driver.

Uses the ordinary clients of the package indexes; knows nothing of what a driver does.
"""

import hashlib
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1] / ".clients"
DRIVERS = HERE / "drivers"
STAMP = "pins.sha256"


class Unavailable(Exception):
    """A library that this machine cannot run, and why."""


@dataclass(frozen=True)
class Library:
    name: str
    driver: str
    pip: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return ROOT / self.name

    @property
    def pins(self) -> tuple[str, ...]:
        return self.pip + self.npm

    @property
    def version(self) -> str:
        """The first pin is the library itself."""
        return self.pins[0] if self.pins else "as in this project's lock"

    @property
    def built(self) -> bool:
        stamp = self.folder / STAMP
        return not self.pins or (stamp.exists() and stamp.read_text() == self._digest())

    def build(self) -> None:
        """Raises Unavailable where the pins cannot be installed."""
        if self.built:
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        if self.npm:
            quiet = ["--no-audit", "--no-fund", "--silent", "--fetch-retries=1", "--prefix", str(self.folder)]
            _ran(["npm", "install", *quiet, *self.npm])
        else:
            _ran([sys.executable, "-m", "uv", "venv", "--quiet", "--clear", str(self.folder)])
            _ran([sys.executable, "-m", "uv", "pip", "install", "--quiet", f"--python={self._python}", *self.pip])
        (self.folder / STAMP).write_text(self._digest())

    def command(self) -> list[str]:
        """What runs its driver. Node looks for packages beside the script, so it runs a copy there."""
        if not self.npm:
            return [str(self._python if self.pip else sys.executable), "-B", str(DRIVERS / self.driver)]
        for script in DRIVERS.glob("*.mjs"):
            shutil.copy(script, self.folder)
        return ["node", str(self.folder / self.driver)]

    @property
    def _python(self) -> Path:
        return self.folder / "bin" / "python"

    def _digest(self) -> str:
        return hashlib.sha256("\n".join(self.pins).encode()).hexdigest()


def libraries(path: Path = HERE / "environments.toml") -> list[Library]:
    found: Mapping[str, Mapping[str, Any]] = tomllib.loads(path.read_text("utf-8"))
    return [
        Library(name, given["driver"], tuple(given.get("pip", ())), tuple(given.get("npm", ())))
        for name, given in found.items()
    ]


def library(name: str) -> Library:
    return next(found for found in libraries() if found.name == name)


def _ran(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    except FileNotFoundError:
        raise Unavailable(f"{command[0]} is not installed") from None
    if done.returncode != 0:
        raise Unavailable(f"{' '.join(command[:4])} failed: {(done.stderr or done.stdout).strip()[-300:]}")
