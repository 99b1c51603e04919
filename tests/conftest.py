"""Stores for all tests: real SQLite files, and a real PostgreSQL where one can run. Property tests have no clock."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from shadowbert.domain.ids import uuid7
from shadowbert.store.store import Store
from tests.store.postgres import NoServer, Server, own_server

settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at the present revision, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "shadowbert.db"
    store = Store(f"sqlite:///{path}")
    store.upgrade()
    store.close()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    try:
        with own_server() as server:
            yield server
    except NoServer as error:
        pytest.skip(f"no PostgreSQL: {error}")


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'store.db')}"


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    store = Store(sqlite_url)
    yield store
    store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Gives a fresh database at the present revision each time; the test runs once on each back end."""
    with ExitStack() as databases:
        if request.param == "sqlite":
            migrated = request.getfixturevalue("migrated_sqlite")
            yield lambda: f"sqlite:///{shutil.copy(migrated, tmp_path / f'{uuid7()}.db')}"
        else:
            server = request.getfixturevalue("postgres")
            yield lambda: databases.enter_context(server.database())


@pytest.fixture
def store_url(new_url: Callable[[], str]) -> str:
    return new_url()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = Store(store_url)
    yield store
    store.close()
