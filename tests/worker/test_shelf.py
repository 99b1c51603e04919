"""Students on the worker's shelf: real, tiny artifacts."""

import shutil
from pathlib import Path

import pytest

from shadowbert.errors import ArtifactInvalid
from shadowbert.worker.shelf import StudentShelf


def test_a_student_is_opened_once_and_says_the_same(published: Path) -> None:
    shelf = StudentShelf()
    assert shelf.guess("one", str(published), "my card pin") == shelf.guess("one", str(published), "my card pin")


def test_a_missing_student(tmp_path: Path) -> None:
    with pytest.raises(ArtifactInvalid):
        StudentShelf().guess("one", str(tmp_path / "nowhere"), "text")


def test_a_student_whose_files_are_gone_or_damaged_after_it_was_opened(copied: Path) -> None:
    shelf = StudentShelf()
    shelf.guess("one", str(copied), "text")
    model = next(copied.glob("*.onnx"))
    model.write_bytes(model.read_bytes()[:-1])
    with pytest.raises(ArtifactInvalid):
        shelf.guess("one", str(copied), "text")
    shutil.rmtree(copied)
    with pytest.raises(ArtifactInvalid):
        shelf.guess("one", str(copied), "text")


def test_room_is_kept(published: Path) -> None:
    shelf = StudentShelf(room=2)
    for student in ("one", "two", "one", "three"):
        shelf.guess(student, str(published), "text")
    assert list(shelf._opened) == ["one", "three"]
