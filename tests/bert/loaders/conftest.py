"""An exported student, and its loader opened from where it was written to."""

import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from shadowbert.bert.serving.takeaway import write
from shadowbert.bert.training import frozen, variants
from shadowbert.bert.training.job import read_job
from shadowbert.bert.training.train import train
from tests.bert.conftest import write_job


@pytest.fixture(scope="session")
def exported(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports") / "student"
    write(published, folder)
    return folder


def opened(file: Path) -> ModuleType:
    """As a module of its own, whatever else has this name."""
    spec = spec_from_file_location(f"taken_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


Taken = Callable[..., Path]
Open = Callable[..., ModuleType]


@pytest.fixture
def taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Taken:
    """A student that serves in fp32, and its folder beside it. Both experts have their say, each in one field alone."""
    monkeypatch.setattr(variants, "_tolerable", lambda *_: False)
    monkeypatch.setattr(frozen, "fit_shares", lambda *_: [(0.5, 0.0), (0.0, 0.4)])

    def take(encoder: Path, examples: list[dict[str, object]], **settings: object) -> Path:
        folder = write_job(tmp_path / "job", encoder, examples, **settings)
        train(read_job(folder))
        write(folder / "artifact", folder / "export")
        return folder

    return take


@pytest.fixture
def modeling(monkeypatch: pytest.MonkeyPatch) -> Open:
    """As Python finds it in the folder, with the others beside it."""

    def open_there(folder: Path, name: str = "modeling") -> ModuleType:
        monkeypatch.syspath_prepend(folder)
        for other in ("student", "modeling"):
            monkeypatch.delitem(sys.modules, other, raising=False)
        return opened(folder / f"{name}.py")

    return open_there
