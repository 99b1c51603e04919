"""Writes a published student as a folder that runs without this package: its files, checked, and a loader beside them.

Refuses to know tasks, and which student is wanted.
"""

import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from shadowbert.bert.serving.artifact import MANIFEST, open_artifact

LOADERS = ("student.py", "modeling.py", "sequence_classification.py")
_HOME = "shadowbert.bert.loaders"


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of what is taken away, with its name. Raises ArtifactInvalid."""
    artifact = open_artifact(folder)
    yield from ((name, artifact.read(name)) for name in sorted(artifact.manifest.files))
    yield MANIFEST, (folder / MANIFEST).read_bytes()
    yield from ((name, (files(_HOME) / name).read_bytes()) for name in LOADERS)


def write(folder: Path, to: Path) -> list[str]:
    """All of it or nothing: the folder appears whole. Returns the names of its files.

    Raises ArtifactInvalid, and OSError where `to` exists or cannot be written.
    """
    names = []
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=to.parent) as work:
        staged = Path(work) / "student"
        staged.mkdir()
        for name, content in contents(folder):
            (staged / name).write_bytes(content)
            names.append(name)
        if to.exists():
            raise FileExistsError(f"{to} exists already")
        staged.rename(to)
    return names
