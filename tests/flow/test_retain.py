"""Retain on a real store."""

import pytest

from shadowbert.flow.retain import DAY, Retain
from shadowbert.store.store import Store
from tests.store.rows import AT, loaded


@pytest.fixture
def exchanges(sqlite_store: Store) -> list[str]:
    """One of today, one of ten days ago, one of a hundred days ago, in the order of the load sequence."""
    return [id_ for days in (100, 10, 0) for id_ in loaded(sqlite_store, 1, received_at=AT - days * DAY)]


def left(store: Store) -> list[tuple[str, bool]]:
    """The exchanges that are left, and whether they still have their bodies."""
    with store.read() as work:
        return [(row.id, row.request is not None) for row in work.exchanges.after(0, limit=9)]


def test_bodies_go_first_and_rows_later(sqlite_store: Store, exchanges: list[str]) -> None:
    assert Retain(sqlite_store, 7, 30, lambda: AT).step() == 3
    assert left(sqlite_store) == [(exchanges[1], False), (exchanges[2], True)]


def test_zero_days_keep_for_ever(sqlite_store: Store, exchanges: list[str]) -> None:
    assert Retain(sqlite_store, 0, 0, lambda: AT + 1000 * DAY).step() == 0
    assert left(sqlite_store) == [(id_, True) for id_ in exchanges]


def test_it_is_enough_once_an_hour(sqlite_store: Store, exchanges: list[str]) -> None:
    now = [AT]
    retain = Retain(sqlite_store, 7, 0, lambda: now[0])
    assert retain.step() == 2
    loaded(sqlite_store, 1, received_at=AT - 50 * DAY)
    now[0] += 3599
    assert retain.step() == 0
    now[0] += 2
    assert retain.step() == 1
