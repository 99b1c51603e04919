"""What is written is whole, new, and as it was published."""

from pathlib import Path

import pytest

from shadowbert.bert.serving.artifact import FILES, MANIFEST, file_sha256
from shadowbert.bert.serving.takeaway import LOADERS, write
from shadowbert.errors import ArtifactInvalid


def test_all_files_are_as_they_were_published(published: Path, tmp_path: Path) -> None:
    to = tmp_path / "a" / "b"
    assert set(write(published, to)) == {*FILES, MANIFEST, *LOADERS} == {path.name for path in to.iterdir()}
    assert all(file_sha256(to / path.name) == file_sha256(path) for path in published.iterdir())


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_nothing_is_overwritten(kind: str, published: Path, tmp_path: Path) -> None:
    to = tmp_path / "there"
    to.mkdir() if kind == "folder" else to.write_text("mine")
    with pytest.raises(FileExistsError):
        write(published, to)
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
    assert list(to.iterdir()) == [] if kind == "folder" else to.read_text() == "mine"


def test_a_damaged_student_is_not_taken_away(copied: Path, tmp_path: Path) -> None:
    (copied / "tokenizer.json").write_text("{}")
    with pytest.raises(ArtifactInvalid, match="tokenizer"):
        write(copied, tmp_path / "out" / "here")
    assert list((tmp_path / "out").iterdir()) == []
