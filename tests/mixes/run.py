"""Runs the mixes, each on a database of its own copied from one that was migrated once."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from shadowbert.store.store import Store
from tests.mixes.catalogue import mixes
from tests.mixes.mix import Mix
from tests.mixes.replay import Outcome, replay
from tests.mixes.score import Score


def scored(word: str = "") -> Score:
    with TemporaryDirectory() as directory:
        first = Path(directory) / "first.db"
        store = Store(f"sqlite:///{first}")
        store.upgrade()
        store.close()
        return Score([_replayed(mix, first) for mix in mixes() if word in mix.name])


def _replayed(mix: Mix, migrated: Path) -> Outcome:
    store = Store(f"sqlite:///{shutil.copy(migrated, migrated.with_name('mix.db'))}")
    try:
        return replay(mix, store)
    finally:
        store.close()
