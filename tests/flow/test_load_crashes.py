"""Crashes of writer and loader: real processes, real files, SIGKILL."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shadowbert.flow.journal import SegmentJournal
from shadowbert.flow.load import Loader
from shadowbert.testing.exchanges import an_exchange
from tests.flow.sqlite_sink import SqliteSink


def crash(plan: str, directory: Path) -> list[str]:
    """Runs the child until it kills itself; the ids it acknowledged."""
    child = subprocess.run(
        [sys.executable, "-m", "tests.flow.crash_child", plan, directory],
        stdout=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    assert child.returncode == -signal.SIGKILL
    return child.stdout.decode().split()


@pytest.fixture
def lasting(tmp_path: Path) -> Iterator[SqliteSink]:
    sink = SqliteSink(tmp_path / "sink.db")
    yield sink
    sink.close()


def test_killed_in_the_middle_of_a_frame(tmp_path: Path, lasting: SqliteSink) -> None:
    acknowledged = crash("torn_write", tmp_path)
    report = Loader(tmp_path, lasting).step()
    assert lasting.ids() == acknowledged
    assert len(acknowledged) == 3
    assert (report.torn, report.damaged, report.deleted) == (1, 0, 1)


def test_killed_between_the_write_and_its_return(tmp_path: Path, lasting: SqliteSink) -> None:
    acknowledged = crash("before_acknowledgement", tmp_path)
    Loader(tmp_path, lasting).step()
    assert lasting.ids() == [*acknowledged, "written-but-not-acknowledged"]


def test_killed_while_a_segment_is_made(tmp_path: Path, lasting: SqliteSink) -> None:
    assert crash("between_lock_and_header", tmp_path) == []
    report = Loader(tmp_path, lasting).step()
    assert (report.deleted, report.damaged) == (1, 0)


@pytest.mark.parametrize(
    ("plan", "kept"), [("in_the_transaction", 0), ("in_the_second_transaction", 3), ("before_the_delete", 5)]
)
def test_a_killed_loader_leaves_each_row_once(tmp_path: Path, lasting: SqliteSink, plan: str, kept: int) -> None:
    rows = [an_exchange() for _ in range(5)]
    with SegmentJournal(tmp_path) as journal:
        for row in rows:
            journal.append(row)
    path = next(tmp_path.glob("*.seg"))
    crash(plan, tmp_path)
    assert len(lasting.ids()) == kept
    assert path.exists()
    report = Loader(tmp_path, lasting).step()
    assert lasting.ids() == [row.id for row in rows]
    assert (report.new, report.deleted) == (5 - kept, 1)


@pytest.mark.parametrize("rows_seen", [1, 40, 333])
def test_killed_at_any_moment(tmp_path: Path, lasting: SqliteSink, rows_seen: int) -> None:
    """The loader follows meanwhile; what was acknowledged is there once, and at most one row more."""
    loader = Loader(tmp_path, lasting)
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.flow.crash_child", "for_ever", tmp_path], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    acknowledged = [child.stdout.readline().decode().strip() for _ in range(rows_seen)]
    loader.step()
    child.kill()
    acknowledged += child.stdout.read().decode().split()
    child.wait()
    child.stdout.close()
    report = loader.step()
    ids = lasting.ids()
    assert ids[: len(acknowledged)] == acknowledged
    assert len(ids) - len(acknowledged) in (0, 1)
    assert report.damaged == 0
    assert list(tmp_path.glob("*.seg")) == []
