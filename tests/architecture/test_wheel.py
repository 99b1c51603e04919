"""The wheel holds everything that a machine without this repository needs, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, modules

_ASK = """
import pathlib, shadowbert
from sqlalchemy import create_engine
from shadowbert.prices import cost, shipped_file
from shadowbert.store.schema import head
home = pathlib.Path(shadowbert.__file__).parent
print(home, cost("gpt-4o-mini", 10**6, 0), head(create_engine("sqlite://")), shipped_file().is_relative_to(home))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    argv = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(argv, cwd=ROOT, capture_output=True, check=True, timeout=120)
    (built,) = folder.glob("shadowbert-*.whl")
    return built


def test_it_holds_the_package_and_its_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {module.path for module in modules()} <= names
    assert {
        "shadowbert/configs/prices.toml",
        "shadowbert/demo/corpus/tickets.jsonl",
        "shadowbert/py.typed",
        "shadowbert/store/migrations/env.py",
        "shadowbert/store/migrations/versions/v0_1_0.py",
        "shadowbert/store/migrations/versions/v0_1_0_callers.py",
        "shadowbert/store/migrations/versions/v0_1_0_policies.py",
        "shadowbert/store/migrations/versions/v0_1_0_truth.py",
        "shadowbert/store/migrations/versions/v0_1_0_alerts.py",
        "shadowbert/store/migrations/versions/v0_1_0_unaudited.py",
        "shadowbert/store/migrations/versions/v0_1_0_labels.py",
        "shadowbert/store/migrations/versions/v0_1_0_alarms.py",
    } <= names


def test_it_holds_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"shadowbert"}
    assert [
        name for name in names if "__pycache__" in name or "test_" in name or name.endswith((".pyc", ".lock"))
    ] == []


def test_migrations_and_prices_work_without_the_repository(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    argv = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{_ASK}"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == [str(tmp_path / "shadowbert"), "0.15", "v0.1.0.alarms", "True"]
