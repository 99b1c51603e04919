"""The store that the settings name."""

import threading
from pathlib import Path

import pytest

from shadowbert.bootstrap.storage import coin_key, open_store, prepare_store, upgrade_store
from shadowbert.errors import SchemaOutdated, StoreError
from shadowbert.sections import Settings
from shadowbert.store.store import Store


def settings_for(folder: Path, url: str = "") -> Settings:
    return Settings.model_validate({"data_dir": folder, "store": {"url": url}})


def test_the_embedded_store_is_made_private_and_up_to_date(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data")
    with pytest.raises(StoreError, match="start one: shadowbert serve"), open_store(settings):
        pass
    revision = prepare_store(settings)
    assert prepare_store(settings) == upgrade_store(settings) == revision
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
    assert (tmp_path / "data" / "shadowbert.db").stat().st_mode & 0o077 == 0
    with open_store(settings) as store, store.read() as work:
        assert work.tasks.versions() == []


def test_another_database_is_upgraded_only_when_asked(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, f"sqlite:///{tmp_path / 'other.db'}")
    with pytest.raises(SchemaOutdated, match="run: shadowbert db upgrade"):
        prepare_store(settings)
    upgrade_store(settings)
    prepare_store(settings)


def test_all_hosts_of_a_store_share_one_key(sqlite_url: str) -> None:
    found: list[bytes] = []

    def look() -> None:
        store = Store(sqlite_url)
        found.append(coin_key(store))
        store.close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert len(found[0]) == 32


def test_two_stores_have_two_keys(tmp_path: Path) -> None:
    keys = set()
    for name in ("one", "two"):
        settings = settings_for(tmp_path / name)
        prepare_store(settings)
        with open_store(settings) as store:
            keys.add(coin_key(store))
    assert len(keys) == 2
