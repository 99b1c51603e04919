"""Calls are handed over once each, whoever is killed in between."""

import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from shadowbert.flow.collect import Collect
from shadowbert.flow.reshape import Reshape
from shadowbert.flow.takeover import TakeOver
from shadowbert.store.store import Store, StoreSink
from shadowbert.testing.calls import a_known_call, asked, texts
from shadowbert.testing.lineage import NOW, found
from tests.flow.takeover_child import BATCH
from tests.flow.test_reshape import EDIT, MARIA, worded

CALLS = 40


@pytest.fixture
def edited(store: Store) -> tuple[str, str]:
    """A version whose template was edited, and the one in its place; two of its calls match no more."""
    line, collect = found(store), Collect(store, lambda: NOW)
    prompts = [worded(n, text) for n, text in enumerate(texts(CALLS))]
    bodies = [a_known_call(line.version_id, p, request_body=asked(p)) for p in ["none", *prompts, "neither"]]
    StoreSink(store).load("s", start=0, end=1, exchanges=bodies)
    collect.step()
    return line.version_id, Reshape(store, lambda: NOW).edit("bank", MARIA, None, EDIT).version.id


def inputs(store: Store, version_id: str) -> list[str]:
    with store.read() as work:
        return [call.input for call in work.calls.after(version_id, 0, limit=1000)]


def test_whoever_is_killed_between_batches_loses_and_doubles_nothing(
    store_url: str, store: Store, edited: tuple[str, str]
) -> None:
    old, new = edited
    for batch in (1, 3, 2):  # committed: none, then two more, then one more
        child = subprocess.run(
            [sys.executable, "-m", "tests.flow.takeover_child", store_url, str(batch)], check=False, timeout=60
        )
        assert child.returncode == -signal.SIGKILL
        assert len(inputs(store, old)) + len(inputs(store, new)) == CALLS + 2
    assert inputs(store, new) == texts(CALLS)[: 3 * BATCH - 1]
    assert TakeOver(store, batch=BATCH).step() == CALLS + 2 - 3 * BATCH
    assert inputs(store, new) == texts(CALLS)
    assert inputs(store, old) == ["none", "neither"]
    assert TakeOver(store).step() == 0


def test_one_go_has_a_bound(store: Store, edited: tuple[str, str]) -> None:
    over = TakeOver(store, batch=5, batches=2)
    assert [over.step() for _ in range(6)] == [10, 10, 10, 10, 2, 0]
    assert inputs(store, edited[1]) == texts(CALLS)


def test_a_call_that_comes_late_to_the_old_version_goes_over_too(store: Store, edited: tuple[str, str]) -> None:
    """Collect read its batch before the edit and wrote it after."""
    old, new = edited
    TakeOver(store).step()
    late = a_known_call(old, worded(0, "late"), request_body=asked(worded(0, "late")))
    StoreSink(store).load("t", start=0, end=1, exchanges=[late])
    with store.write() as work:
        (row,) = work.calls.latest(old, limit=1)
        (logged,) = work.exchanges.by_ids([late.id])
        work.calls.add([replace(row, exchange_id=late.id, seq=logged.seq, input=worded(0, "late"))])
    assert TakeOver(store).step() == 1
    assert inputs(store, new)[-1] == "late"
