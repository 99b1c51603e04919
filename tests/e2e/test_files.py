"""What is kept of prompts and replies is for the account that runs us alone, whatever the umask it was started with."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.calls import call, client
from tests.e2e.conftest import Plant
from tests.e2e.tree import until


@pytest.fixture
def careless() -> Iterator[None]:
    """The umask that most shells have."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    found = (folder, *folder.rglob("*"))
    return [f"{path}: {path.lstat().st_mode & 0o777:o}" for path in found if path.lstat().st_mode & 0o077]


@pytest.mark.usefixtures("careless")
def test_nobody_else_reads_what_a_server_keeps(plant: Plant) -> None:
    tree = plant()
    with client(tree.url) as caller:
        answer = call(caller, 1)
    assert answer
    until(lambda: tree.total() == 1, told=tree.said)
    assert open_to_others(tree.data_dir) == []
    assert tree.end() == 0, tree.said()
    assert open_to_others(tree.data_dir) == []
    assert {"shadowbert.db", "journal", "admin-token", "children.json"} <= {p.name for p in tree.data_dir.iterdir()}


@pytest.mark.slow
@pytest.mark.usefixtures("careless")
def test_nor_the_jobs_and_students_of_its_worker(plant: Plant) -> None:
    tree = plant(training__first=60)
    with client(tree.url) as caller:
        for number in range(60):
            assert call(caller, number)
    until(lambda: [*(tree.data_dir / "students").glob("[!.]*/manifest.json")], told=tree.said)
    assert [*(tree.data_dir / "jobs").iterdir()]
    assert open_to_others(tree.data_dir) == []
