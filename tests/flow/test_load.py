import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shadowbert.domain.exchange import Exchange
from shadowbert.errors import JournalError, StaleState, StoreError
from shadowbert.flow.frames import HEADER_BYTES, Mark, encode, segment_header
from shadowbert.flow.journal import SegmentJournal
from shadowbert.flow.load import Loader
from shadowbert.testing.exchanges import an_exchange
from shadowbert.testing.sinks import MemorySink, check_exchange_sink
from tests.flow.sqlite_sink import SqliteSink

NAME = "0198c0de-0000-7000-8000-000000000001"
MARK = Mark.of(NAME)


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


def journal_of(directory: Path, rows: Sequence[Exchange]) -> Path:
    """A closed segment that holds these rows."""
    with SegmentJournal(directory) as journal:
        for row in rows:
            journal.append(row)
    return max(directory.glob("*.seg"))


def frames_of(rows: Sequence[Exchange]) -> list[bytes]:
    return [MARK.frame(encode(row)) for row in rows]


def closed_segment(directory: Path, data: bytes) -> Path:
    path = directory / f"{NAME}.seg"
    path.write_bytes(data)
    return path


def quarantined(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((directory / "quarantine").glob("*")))


def test_no_directory_is_no_work(tmp_path: Path, sink: MemorySink) -> None:
    assert Loader(tmp_path / "absent", sink).step().idle


def test_an_open_segment_is_followed_and_kept(tmp_path: Path, sink: MemorySink) -> None:
    loader = Loader(tmp_path, sink)
    with SegmentJournal(tmp_path) as journal:
        for n in range(1, 4):
            journal.append(an_exchange())
            report = loader.step()
            assert (report.read, report.new, report.deleted, report.backlog_bytes) == (1, 1, 0, 0)
            assert len(sink.rows) == n
        assert loader.step().idle
    assert loader.step().deleted == 1
    assert list(tmp_path.glob("*.seg")) == []
    assert loader.step().idle


def test_batches_end_at_rows_and_at_bytes(tmp_path: Path) -> None:
    sizes: list[int] = []

    class Noting(MemorySink):
        def load(self, segment: str, *, start: int, end: int, exchanges: Sequence[Exchange]) -> int:
            sizes.append(len(exchanges))
            return super().load(segment, start=start, end=end, exchanges=exchanges)

    rows = [an_exchange(request_body=b"x" * 1000) for _ in range(10)]
    journal_of(tmp_path / "rows", rows)
    Loader(tmp_path / "rows", Noting(), batch_rows=4).step()
    assert sizes == [4, 4, 2]
    sizes.clear()
    journal_of(tmp_path / "bytes", rows)
    report = Loader(tmp_path / "bytes", Noting(), batch_bytes=4000).step()
    assert report.read == 10
    assert max(sizes) == 2


def test_a_frame_larger_than_the_window_is_read_whole(tmp_path: Path, sink: MemorySink) -> None:
    rows = [an_exchange(), an_exchange(response_body=os.urandom(50_000)), an_exchange()]
    journal_of(tmp_path, rows)
    Loader(tmp_path, sink, batch_bytes=1000).step()
    assert list(sink.rows.values()) == rows


def test_older_segments_come_first(tmp_path: Path, sink: MemorySink) -> None:
    rows = [an_exchange() for _ in range(8)]
    with SegmentJournal(tmp_path, segment_bytes=1) as journal:
        for row in rows:
            journal.append(row)
    assert len(list(tmp_path.glob("*.seg"))) == len(rows)
    Loader(tmp_path, sink).step()
    assert list(sink.rows.values()) == rows


def test_an_unfinished_frame_is_waited_for_while_its_writer_lives(tmp_path: Path, sink: MemorySink) -> None:
    loader = Loader(tmp_path, sink)
    rows = [an_exchange(), an_exchange()]
    with SegmentJournal(tmp_path) as journal:
        journal.append(rows[0])
        path = next(tmp_path.glob("*.seg"))
        frame = Mark.of(path.stem).frame(encode(rows[1]))
        for at in range(0, len(frame), 100):
            with path.open("ab") as segment:
                segment.write(frame[at : at + 100])
            loader.step()
    assert list(sink.rows.values()) == rows
    assert loader.step().torn == 0


def test_the_unfinished_frame_of_a_dead_writer_is_passed_over(tmp_path: Path, sink: MemorySink) -> None:
    rows = [an_exchange(), an_exchange()]
    frames = frames_of(rows)
    closed_segment(tmp_path, segment_header() + frames[0] + frames[1][:-1])
    report = Loader(tmp_path, sink).step()
    assert (report.read, report.torn, report.damaged, report.deleted) == (1, 1, 0, 1)
    assert quarantined(tmp_path) == b""


def test_damage_is_stepped_over_kept_and_reported(tmp_path: Path, sink: MemorySink) -> None:
    rows = [an_exchange() for _ in range(5)]
    frames = frames_of(rows)
    bad = frames[2][:50] + b"\x00" * 30 + frames[2][80:]
    closed_segment(tmp_path, segment_header() + frames[0] + frames[1] + bad + frames[3] + frames[4])
    report = Loader(tmp_path, sink).step()
    assert list(sink.rows) == [row.id for n, row in enumerate(rows) if n != 2]
    assert (report.damaged, report.damaged_bytes, report.deleted) == (1, len(bad), 1)
    assert quarantined(tmp_path) == bad
    copy = next((tmp_path / "quarantine").iterdir())
    assert copy.name == f"{NAME}-{HEADER_BYTES + len(frames[0] + frames[1])}.bin"
    assert copy.stat().st_mode & 0o777 == 0o600


def test_damage_larger_than_the_window_is_stepped_over(tmp_path: Path, sink: MemorySink) -> None:
    rows = [an_exchange(), an_exchange()]
    frames = frames_of(rows)
    noise = random.Random(7).randbytes(30_000)
    closed_segment(tmp_path, segment_header() + frames[0] + noise + frames[1])
    report = Loader(tmp_path, sink, batch_bytes=1000).step()
    assert list(sink.rows) == [row.id for row in rows]
    assert quarantined(tmp_path) == noise
    assert report.damaged == 1


def test_a_damaged_length_hides_no_later_frame_of_an_open_segment(tmp_path: Path, sink: MemorySink) -> None:
    loader = Loader(tmp_path, sink)
    with SegmentJournal(tmp_path) as journal:
        journal.append(an_exchange(id="damaged"))
        path = next(tmp_path.glob("*.seg"))
        with path.open("r+b") as segment:
            segment.seek(HEADER_BYTES + 4)
            segment.write(b"\xff\xff\xff\x7f")
        assert loader.step().read == 0
        journal.append(an_exchange(id="intact"))
        report = loader.step()
    assert list(sink.rows) == ["intact"]
    assert report.damaged == 1


def test_a_damaged_tail_is_not_taken_for_a_crash(tmp_path: Path, sink: MemorySink) -> None:
    frames = frames_of([an_exchange(), an_exchange()])
    tail = frames[1][:-10] + b"\x00" * 10
    closed_segment(tmp_path, segment_header() + frames[0] + tail)
    report = Loader(tmp_path, sink).step()
    assert (report.read, report.torn, report.damaged, report.deleted) == (1, 0, 1, 1)
    assert quarantined(tmp_path) == tail


def test_a_damaged_header_costs_no_row(tmp_path: Path, sink: MemorySink) -> None:
    frames = frames_of([an_exchange(), an_exchange()])
    closed_segment(tmp_path, b"\x00" * HEADER_BYTES + b"".join(frames))
    report = Loader(tmp_path, sink).step()
    assert (report.read, report.damaged_bytes) == (2, HEADER_BYTES)


def test_a_frame_inside_a_body_is_never_taken_for_a_row(tmp_path: Path, sink: MemorySink) -> None:
    forged = Mark.of("a name that a client guesses").frame(encode(an_exchange(id="forged")))
    carrier, last = frames_of([an_exchange(request_body=forged), an_exchange(id="last")])
    closed_segment(tmp_path, segment_header() + carrier[:20] + b"\x00" + carrier[21:] + last)
    Loader(tmp_path, sink).step()
    assert list(sink.rows) == ["last"]


def test_a_frame_that_is_intact_but_no_exchange_is_quarantined(tmp_path: Path, sink: MemorySink) -> None:
    strange = MARK.frame(b"\x02\0\0\0{}")
    closed_segment(tmp_path, segment_header() + strange + frames_of([an_exchange()])[0])
    report = Loader(tmp_path, sink).step()
    assert (report.read, report.damaged, report.deleted) == (1, 1, 1)
    assert quarantined(tmp_path) == strange


def test_a_segment_of_another_version_is_left_alone(tmp_path: Path, sink: MemorySink) -> None:
    path = closed_segment(tmp_path, segment_header(99) + frames_of([an_exchange()])[0])
    report = Loader(tmp_path, sink).step()
    assert (report.unreadable, report.read, report.backlog_bytes) == (1, 0, path.stat().st_size)
    assert path.exists()


@pytest.mark.parametrize("size", range(HEADER_BYTES + 1))
def test_a_crash_while_a_segment_was_made_leaves_no_trace(tmp_path: Path, sink: MemorySink, size: int) -> None:
    closed_segment(tmp_path, segment_header()[:size])
    report = Loader(tmp_path, sink).step()
    assert (report.deleted, report.damaged, report.torn) == (1, 0, 0)


def test_a_store_that_fails_is_asked_again(tmp_path: Path) -> None:
    class Failing(MemorySink):
        down = True

        def load(self, segment: str, *, start: int, end: int, exchanges: Sequence[Exchange]) -> int:
            if self.down:
                raise StoreError
            return super().load(segment, start=start, end=end, exchanges=exchanges)

    sink = Failing()
    path = journal_of(tmp_path, [an_exchange()])
    loader = Loader(tmp_path, sink)
    with pytest.raises(StoreError):
        loader.step()
    assert path.exists()
    sink.down = False
    assert loader.step().new == 1


def test_the_slower_of_two_loaders_steps_aside(tmp_path: Path) -> None:
    class Overtaken(MemorySink):
        def load(self, segment: str, *, start: int, end: int, exchanges: Sequence[Exchange]) -> int:
            if not start:
                super().load(segment, start=start, end=end, exchanges=exchanges)
            return super().load(segment, start=start, end=end, exchanges=exchanges)

    sink = Overtaken()
    rows = [an_exchange(), an_exchange()]
    journal_of(tmp_path, rows)
    loader = Loader(tmp_path, sink)
    with pytest.raises(StaleState):
        sink.load("another", start=0, end=1, exchanges=[])
    loader.step()
    loader.step()
    assert list(sink.rows) == [row.id for row in rows]
    assert list(tmp_path.glob("*.seg")) == []


def test_a_quarantine_that_cannot_be_written_stops_before_the_store(tmp_path: Path, sink: MemorySink) -> None:
    frames = frames_of([an_exchange()])
    path = closed_segment(tmp_path, segment_header() + b"damage" + frames[0])
    (tmp_path / "quarantine").write_text("in the way")
    with pytest.raises(JournalError):
        Loader(tmp_path, sink).step()
    assert (sink.rows, path.exists()) == ({}, True)


# Arbitrary damage


@dataclass(frozen=True)
class Change:
    at: int
    data: bytes


changes = st.lists(st.builds(Change, st.integers(0, 4000), st.binary(min_size=1, max_size=40)), max_size=4)


@settings(deadline=None)
@given(
    bodies=st.lists(st.binary(max_size=40), min_size=1, max_size=5),
    changes=changes,
    cut=st.none() | st.integers(0, 4000),
    window=st.sampled_from([16, 300, 4096]),
)
def test_damage_costs_no_intact_row_and_invents_none(
    bodies: list[bytes], changes: list[Change], cut: int | None, window: int
) -> None:
    rows = [an_exchange(id=f"row-{n}", request_body=body) for n, body in enumerate(bodies)]
    frames = frames_of(rows)
    whole = segment_header() + b"".join(frames)
    data = bytearray(whole)
    for change in changes:
        if change.at < len(data):
            data[change.at : change.at + len(change.data)] = change.data[: len(data) - change.at]
    data = data[:cut]
    ends = [HEADER_BYTES + sum(map(len, frames[: n + 1])) for n in range(len(frames))]
    intact = {
        row.id: row
        for row, frame, end in zip(rows, frames, ends, strict=True)
        if bytes(data[end - len(frame) : end]) == frame
    }
    with TemporaryDirectory() as directory:
        path = closed_segment(Path(directory), bytes(data))
        sink = MemorySink()
        report = Loader(Path(directory), sink, batch_bytes=window).step()
        assert sink.rows == intact
        assert (report.read, report.deleted, report.backlog_bytes) == (len(intact), 1, 0)
        assert not path.exists()
        assert len(quarantined(Path(directory))) == report.damaged_bytes
        if bytes(data) == whole:
            assert (report.torn, report.damaged) == (0, 0)


def test_the_sinks_of_these_tests_keep_the_contract(tmp_path: Path) -> None:
    made: list[SqliteSink] = []

    def make() -> SqliteSink:
        made.append(SqliteSink(tmp_path / f"{len(made)}.db"))
        return made[-1]

    check_exchange_sink(MemorySink)
    check_exchange_sink(make)
    for sink in made:
        sink.close()
