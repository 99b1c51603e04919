"""What goes out of the house: a changelog that knows the version, the licence, no trace of a machine."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import shadowbert
from tests.architecture.source import ROOT

MACHINE_PATH = re.compile(r"(?<![\w.$}])/(?:work|srv|mnt|root|Users|home/(?!app\b)\w+)/")
GIT = shutil.which("git")


def tracked() -> list[Path]:
    """The files of the repository; skips where this is none (an unpacked archive)."""
    if GIT is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run([GIT, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [file for name in listed.split("\0") if name and (file := ROOT / name).is_file()]


def machine_paths(text: str) -> list[str]:
    return MACHINE_PATH.findall(text)


def test_the_changelog_begins_with_this_version() -> None:
    newest = re.search(r"^## (\S+) - (unreleased|\d{4}-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert newest[1] == shadowbert.__version__


def test_the_licence_is_the_one_that_is_declared() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_no_file_names_a_machines_path() -> None:
    this = Path(__file__)
    texts = {file: file.read_bytes().decode("utf-8", "replace") for file in tracked() if file != this}
    assert [str(file.relative_to(ROOT)) for file, text in texts.items() if machine_paths(text)] == []


@pytest.mark.parametrize(
    "path", ["/srv/build/x", "cd /root/.venv", "'/home/ann/x'", "/mnt/disk/torch.whl", "/Users/ann/"]
)
def test_a_machines_path_is_found(path: str) -> None:
    assert len(machine_paths(path)) == 1


@pytest.mark.parametrize("path", ["/v1/work/", "https://x.org/home/ann/", "/usr/bin/env", "/data", "$HOME/work/"])
def test_other_paths_are_not(path: str) -> None:
    assert machine_paths(path) == []
