import fcntl
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shadowbert.errors import JournalError
from shadowbert.flow import journal as journal_module
from shadowbert.flow.journal import Durability, SegmentJournal
from shadowbert.flow.load import Loader, LoadReport
from shadowbert.flow.ports import Journal
from shadowbert.testing.exchanges import an_audited_exchange, an_exchange
from shadowbert.testing.sinks import MemorySink


def segments(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.seg"))


def load(directory: Path) -> tuple[MemorySink, LoadReport]:
    sink = MemorySink()
    return sink, Loader(directory, sink).step()


@pytest.mark.parametrize("durability", ["process", "power-loss"])
def test_rows_come_back_in_order(tmp_path: Path, durability: Durability) -> None:
    rows = [an_exchange(), an_audited_exchange(), an_exchange(request_body=None, response_body=None)]
    with SegmentJournal(tmp_path / "a" / "journal", durability=durability) as journal:
        port: Journal = journal
        for row in rows:
            port.append(row)
    sink, report = load(tmp_path / "a" / "journal")
    assert list(sink.rows.values()) == rows
    assert (report.read, report.torn, report.damaged) == (3, 0, 0)


def test_a_journal_that_wrote_nothing_leaves_nothing(tmp_path: Path) -> None:
    SegmentJournal(tmp_path / "journal").close()
    assert not (tmp_path / "journal").exists()


def test_the_files_are_the_owners_alone(tmp_path: Path) -> None:
    with SegmentJournal(tmp_path / "journal") as journal:
        journal.append(an_exchange())
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o700
    assert segments(tmp_path / "journal")[0].stat().st_mode & 0o777 == 0o600


def test_a_full_segment_is_followed_by_the_next(tmp_path: Path) -> None:
    rows = [an_exchange(request_body=b"x" * 400) for _ in range(6)]
    with SegmentJournal(tmp_path, segment_bytes=1500) as journal:
        for row in rows:
            journal.append(row)
    assert len(segments(tmp_path)) == 3
    assert list(load(tmp_path)[0].rows.values()) == rows


def test_the_lock_is_held_until_the_close(tmp_path: Path) -> None:
    journal = SegmentJournal(tmp_path)
    journal.append(an_exchange())
    with segments(tmp_path)[0].open() as segment:
        with pytest.raises(BlockingIOError):
            fcntl.flock(segment, fcntl.LOCK_EX | fcntl.LOCK_NB)
        journal.close()
        fcntl.flock(segment, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_nothing_is_taken_after_the_close(tmp_path: Path) -> None:
    journal = SegmentJournal(tmp_path)
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        journal.append(an_exchange())


def test_a_row_that_cannot_be_encoded_disturbs_nobody(tmp_path: Path) -> None:
    before, after = an_exchange(), an_exchange()
    with SegmentJournal(tmp_path) as journal:
        journal.append(before)
        with pytest.raises(JournalError):
            journal.append(an_exchange(client="\udfff"))
        journal.append(after)
    assert list(load(tmp_path)[0].rows.values()) == [before, after]


def test_a_directory_that_cannot_be_used_is_a_journal_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    journal = SegmentJournal(tmp_path / "file" / "journal")
    with pytest.raises(JournalError, match="no journal segment"):
        journal.append(an_exchange())


def test_a_removed_directory_is_made_again_after_rotation(tmp_path: Path) -> None:
    with SegmentJournal(tmp_path / "journal", segment_bytes=1) as journal:
        journal.append(an_exchange())
        shutil.rmtree(tmp_path / "journal")
        last = an_exchange()
        journal.append(last)
    assert list(load(tmp_path / "journal")[0].rows) == [last.id]


def test_a_segment_deleted_under_its_writer_is_written_no_more(tmp_path: Path) -> None:
    with SegmentJournal(tmp_path / "journal") as journal:
        journal.append(an_exchange())
        shutil.rmtree(tmp_path / "journal")
        last = an_exchange()
        journal.append(last)
    assert list(load(tmp_path / "journal")[0].rows) == [last.id]


# A disk that is really full: a file-size limit makes the kernel write short, then refuse.

SHORT_WRITES = """
import resource, signal, sys
from pathlib import Path
from shadowbert.errors import JournalError
from shadowbert.flow.journal import SegmentJournal
from shadowbert.testing.exchanges import an_exchange

directory = Path(sys.argv[1])
journal = SegmentJournal(directory)
journal.append(an_exchange(id="first"))
size = next(directory.glob("*.seg")).stat().st_size
for room in (1, 11, 100, 0):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, resource.RLIM_INFINITY))
    try:
        journal.append(an_exchange(id=f"room-{room}"))
    except JournalError as exc:
        print(exc)
    assert next(directory.glob("*.seg")).stat().st_size == size
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
journal.append(an_exchange(id="last"))
"""


def test_a_short_write_is_taken_back_and_the_journal_heals(tmp_path: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    done = subprocess.run(
        [sys.executable, "-c", SHORT_WRITES, tmp_path], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.count("was not written") == 4
    sink, report = load(tmp_path)
    assert list(sink.rows) == ["first", "last"]
    assert (report.torn, report.damaged) == (0, 0)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if not mount or subprocess.run([mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=False).returncode:
        pytest.skip("no right to mount a small disk")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_loses_only_what_it_refused(small_disk: Path) -> None:
    kept, refused = [], 0
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 100_000)
    with SegmentJournal(small_disk / "journal", segment_bytes=50_000) as journal:
        for _ in range(60):
            row = an_exchange(request_body=os.urandom(5_000))
            try:
                journal.append(row)
            except JournalError as exc:
                assert "No space left" in str(exc)  # noqa: PT017 - most appends succeed
                refused += 1
                if refused == 10:
                    ballast.unlink()
            else:
                kept.append(row.id)
    assert refused >= 10
    assert len(kept) + refused == 60
    sink, report = load(small_disk / "journal")
    assert list(sink.rows) == kept
    assert report.damaged == 0


def test_where_the_torn_frame_stays_the_segment_ends_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_short(file: int, data: bytes) -> None:
        os.write(file, data[:20])
        raise OSError(28, "No space left on device")

    def refuse(*_: object) -> None:
        raise OSError(5, "Input/output error")

    journal = SegmentJournal(tmp_path)
    first, lost, last = an_exchange(), an_exchange(), an_exchange()
    journal.append(first)
    with monkeypatch.context() as patch:
        patch.setattr(journal_module, "_write_whole", write_short)
        patch.setattr(os, "ftruncate", refuse)
        with pytest.raises(JournalError):
            journal.append(lost)
    journal.append(last)
    journal.close()
    sink, report = load(tmp_path)
    assert list(sink.rows) == [first.id, last.id]
    assert (report.torn, report.damaged, report.deleted) == (1, 0, 2)


def test_a_failed_sync_is_told_and_ends_the_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(5, "Input/output error")

    journal = SegmentJournal(tmp_path, durability="power-loss")
    unsure, last = an_exchange(), an_exchange()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", refuse)
        with pytest.raises(JournalError, match="Input/output"):
            journal.append(unsure)
    journal.append(last)
    journal.close()
    assert len(segments(tmp_path)) == 2
    assert list(load(tmp_path)[0].rows) == [unsure.id, last.id]


def test_a_segment_deleted_before_it_was_locked_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loader may meet the new file between its creation and its lock, and delete it as an empty orphan."""
    flock = fcntl.flock
    met: list[LoadReport] = []

    def loader_first(file: int, operation: int) -> None:
        if not met:
            met.append(LoadReport())
            met.append(load(tmp_path)[1])
        flock(file, operation)

    row = an_exchange()
    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", loader_first)
        journal = SegmentJournal(tmp_path)
        journal.append(row)
    journal.close()
    assert met[1].deleted == 1
    assert list(load(tmp_path)[0].rows) == [row.id]
