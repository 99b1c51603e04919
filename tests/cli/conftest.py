"""A data directory as `shadowbert serve` leaves it, and the command line on it."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from shadowbert.cli.app import app
from shadowbert.store.store import Store
from shadowbert.testing.lineage import Lineage, found


class Shell:
    """Types commands into one data directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(app, [*words, f"--data-dir={self.folder}"])

    def json(self, *words: str) -> Any:
        result = self(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def refused(self, *words: str, code: int = 1) -> str:
        """What stands on standard error: one line, no traceback."""
        result = self(*words)
        assert result.exit_code == code, result.output
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        assert line.startswith("shadowbert: ")
        return line.removeprefix("shadowbert: ")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither variables nor a settings file of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("SHADOWBERT_")]:  # noqa: TID251 - to take ours away
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def shell(tmp_path: Path, migrated_sqlite: Path) -> Shell:
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(migrated_sqlite, folder / "shadowbert.db")
    return Shell(folder)


@pytest.fixture
def store(shell: Shell) -> Iterator[Store]:
    store = Store(f"sqlite:///{shell.folder / 'shadowbert.db'}")
    yield store
    store.close()


@pytest.fixture
def line(store: Store) -> Lineage:
    return found(store)
