"""A task with a version on a fresh store, and the station that has students trained for it."""

from pathlib import Path

import pytest

from shadowbert.domain.task import Policy
from shadowbert.flow.recipes import Recipes
from shadowbert.flow.train import Train
from shadowbert.store.store import Store
from shadowbert.testing.fakes import ScriptedTrainer
from shadowbert.testing.lineage import NOW, Lineage, found


@pytest.fixture
def line(sqlite_store: Store) -> Lineage:
    return found(sqlite_store)


@pytest.fixture
def trainer() -> ScriptedTrainer:
    return ScriptedTrainer()


@pytest.fixture
def train(sqlite_store: Store, trainer: ScriptedTrainer, tmp_path: Path) -> Train:
    return Train(
        sqlite_store,
        trainer,
        Policy(first_training=40, fine_tune_from=80),
        Recipes(fine_tune_from=80),
        tmp_path,
        lambda: NOW,
    )
