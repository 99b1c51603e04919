"""What the docker files are compared with: the settings, the command line, the tree of files."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pathspec import GitIgnoreSpec
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command

from shadowbert.cli.app import app

ROOT = Path(__file__).parents[2]

_READ = """
import json, sys
from shadowbert.errors import ConfigError
from shadowbert.settings import load_settings
try:
    s = load_settings()
except ConfigError as error:
    sys.exit(str(error))
print(json.dumps([s.server.port, s.loopback, str(s.data_dir), s.store_url]))
"""


@dataclass(frozen=True)
class Effective:
    """What shadowbert makes of an environment."""

    port: int
    loopback: bool
    data_dir: str
    store_url: str


def effective(environment: Mapping[str, str]) -> Effective | str:
    """Read by the real settings in a process of its own; or their complaint."""
    ours = {name: value for name, value in environment.items() if name.startswith("SHADOWBERT_")}
    return _effective(tuple(sorted(ours.items())))


@cache
def _effective(ours: tuple[tuple[str, str], ...]) -> Effective | str:
    done = subprocess.run(
        [sys.executable, "-c", _READ],
        # Not the repository's root: its configs/shadowbert.toml must not be read.
        cwd=ROOT / "docker",
        env={**dict(ours), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return Effective(*json.loads(done.stdout)) if done.returncode == 0 else done.stderr.strip()


@cache
def _root() -> TyperGroup:
    return get_command(app)


def command_fault(argv: Sequence[str]) -> str | None:
    """Why `shadowbert ARGV` is no command line of ours; None where it is one. Runs nothing."""
    if list(argv) == ["--version"]:
        return None
    command, name, context = _root(), "shadowbert", None
    rest = [word for word in argv if word != "--help"]
    try:
        while isinstance(command, TyperGroup) and rest and not rest[0].startswith("-"):
            context = command.make_context(name, [], parent=context, resilient_parsing=True)
            found, command, rest = command.resolve_command(context, rest)
            if command is None:
                return f"No such command: {' '.join(argv)}"
            name = str(found)
        command.make_context(name, rest, parent=context, resilient_parsing="--help" in argv)
    except TyperException as error:
        return str(error)
    return None


def unseen(path: str, *ignore_files: str) -> str | None:
    """Why a path of the repository does not reach a builder that has a clean clone; None where it does."""
    if not (ROOT / path).exists():
        return "does not exist"
    for name in ignore_files:
        file = ROOT / name
        if file.is_file() and GitIgnoreSpec.from_lines(file.read_text().splitlines()).match_file(path):
            return f"is ignored by {name}"
    return None
