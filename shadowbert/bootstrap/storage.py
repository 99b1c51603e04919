"""Opens the store that the settings name, at the right revision."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shadowbert.errors import StoreError
from shadowbert.sections import Settings
from shadowbert.store.store import Store

COIN_KEY = "coin_key"
DATABASE = "shadowbert.db"


@contextmanager
def open_store(settings: Settings, *, durable: bool = False) -> Iterator[Store]:
    """Raises SchemaOutdated where the database is at another revision, StoreError where there is none.

    `durable`: its commits survive a power loss.
    """
    store = Store(settings.store_url, durable=durable)
    try:
        check_store(settings, store)
        yield store
    finally:
        store.close()


def check_store(settings: Settings, store: Store) -> None:
    """Raises SchemaOutdated, or StoreError where there is no database or it cannot be reached."""
    if not settings.store.url and not (settings.data_dir / DATABASE).exists():
        raise StoreError(f"there is no database in {settings.data_dir} yet; start one: shadowbert serve")
    store.check()


def prepare_store(settings: Settings) -> str:
    """Before any process starts: the embedded database is brought up to date by itself, another one must already be.

    Returns the revision. Raises SchemaOutdated.
    """
    store = Store(settings.store_url)
    try:
        if settings.store.url:
            store.check()
            return "current"
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        revision = store.upgrade()
        _private(settings.data_dir / DATABASE)
        return revision
    finally:
        store.close()


def upgrade_store(settings: Settings) -> str:
    """`shadowbert db upgrade`: whatever the database is. Returns the revision."""
    if not settings.store.url:
        return prepare_store(settings)
    store = Store(settings.store_url)
    try:
        return store.upgrade()
    finally:
        store.close()


def coin_key(store: Store) -> bytes:
    """The key of the coins, one for all hosts of a store, so that a text gets the same treatment everywhere."""
    with store.read() as work:  # a web process must start while somebody else holds the write lock
        known = work.marks.note(COIN_KEY)
    return bytes.fromhex(known or _make_coin_key(store))


def _make_coin_key(store: Store) -> str:
    with store.write() as work:
        known = work.marks.note(COIN_KEY)
        if known is None:
            known = secrets.token_hex(32)
            work.marks.set(COIN_KEY, note=known)
    return known


def _private(database: Path) -> None:
    """Prompts lie in there: nobody but the owner reads it."""
    database.chmod(0o600)
