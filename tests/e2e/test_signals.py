"""How the tree ends: in order on SIGTERM, at once on the second one, and whole when its parent is killed."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from shadowbert.testing.faults import Fault, Kind
from shadowbert.testing.serving import serving_upstream
from shadowbert.testing.simulated import SimulatedUpstream, Simulation
from tests.e2e.calls import TASK, Load, Teacher, call, client
from tests.e2e.conftest import QUICK, Api, Plant
from tests.e2e.seed import transplant
from tests.e2e.tree import Tree, gone, planted, until

TRAINING = "shadowbert.bert.training"
WORKER = "shadowbert.worker"


@contextmanager
def slow_api() -> Iterator[Api]:
    """Long enough calls that a stop always meets some in flight."""
    teacher = Teacher()
    upstream = SimulatedUpstream(teacher, Simulation(median_ms=300.0))
    with serving_upstream(upstream.app()) as url:
        yield Api(url, teacher, upstream)


def test_sigterm_under_load_fails_no_call_and_loses_no_row(tmp_path: Path) -> None:
    with slow_api() as api, planted(Tree(tmp_path / "data", api.url, QUICK, ("--no-worker",))) as tree:
        load = Load(tree.url, callers=8)
        with load.running():
            until(lambda: len(load.ledger) >= 16 and api.upstream.seen.open >= 4, told=tree.said)
            tree.send(signal.SIGTERM)
            until(lambda: load.failed, told=tree.said)  # the door is closed: nobody is let in any more
            load.stop()
            assert tree.wait() == 0, tree.said()
        assert api.upstream.seen.broken == 0
        assert api.upstream.seen.calls == len(load.ledger)
        assert {row.id for row in tree.rows()} == {answer.exchange for answer in load.ledger.values()}
        assert {row.outcome for row in tree.rows()} == {"complete"}


def test_a_second_signal_does_not_wait_for_anybody(plant: Plant, api: Api) -> None:
    tree = plant("--no-worker")
    assert tree.process is not None
    api.upstream.seen.planned.append(Fault(Kind.SILENCE))
    with client(tree.url) as caller:
        endless = threading.Thread(target=call, args=(caller, 0))
        endless.start()
        until(lambda: api.upstream.seen.open == 1, told=tree.said)
        family = tree.family()
        tree.send(signal.SIGTERM)
        until(lambda: tree.children()["web"].state == "stopping", told=tree.said)
        assert tree.process.poll() is None
        assert tree.end(signal.SIGTERM) == 128 + signal.SIGTERM
        until(lambda: gone(family))
        endless.join(30)
        assert not endless.is_alive()


def named(processes: list[psutil.Process], word: str) -> list[psutil.Process]:
    """Those whose command line has this word."""
    found = []
    for process in processes:
        try:
            found += [process] if word in process.cmdline() else []
        except psutil.Error:
            continue
    return found


@pytest.mark.slow
def test_a_killed_parent_leaves_no_child_and_its_training_is_taken_up_again(
    plant: Plant, grown: Path, tmp_path: Path
) -> None:
    tree = plant(data_dir=transplant(grown, tmp_path / "data"), training__first=1_000_000)
    tree.told("retrain", TASK)
    until(lambda: named(tree.family(), TRAINING), told=tree.said)
    family = tree.family()
    assert len(family) == 4
    tree.kill_parent()
    tree.start()
    until(lambda: gone(family), told=tree.said)
    assert len([process for process in named(tree.family(), WORKER) if "worker" in process.cmdline()]) == 1

    def trained() -> bool:
        (shown,) = tree.told("show", TASK)
        return bool(shown["training"] == "done" and len(shown["students"]) == 2)

    until(trained, told=tree.said)
    with tree.store() as store, store.read() as work:
        job = work.jobs.latest(tree.versions()[0].id)
    assert job is not None
    assert job.attempts == 2
    assert tree.end() == 0


@pytest.mark.slow
def test_a_cancelled_training_ends_and_leaves_nothing(plant: Plant, grown: Path, tmp_path: Path) -> None:
    """The order comes from another process than the worker whose child it is."""
    tree = plant(data_dir=transplant(grown, tmp_path / "data"), training__first=1_000_000)
    students = tree.data_dir / "students"
    (before,) = students.iterdir()
    tree.told("retrain", TASK)
    (child,) = until(lambda: named(tree.family(), TRAINING), told=tree.said)
    until(lambda: len(list(students.iterdir())) == 2, told=tree.said)  # it has begun to write
    assert tree.told("retrain", TASK, "--cancel", "--why=too soon")["training"] == "cancelled"
    until(lambda: gone([child]), told=tree.said)
    until(lambda: list(students.iterdir()) == [before], told=tree.said)
    (shown,) = tree.told("show", TASK)
    assert (shown["training"], len(shown["students"])) == ("cancelled", 1)
    assert shown["training_message"].endswith(": too soon.")
    assert not any((tree.data_dir / "jobs").iterdir())
    assert tree.end() == 0
