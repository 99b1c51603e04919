"""What an append costs the caller, and how fast the loader empties a journal."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from shadowbert.flow.journal import SegmentJournal
from shadowbert.flow.load import Loader
from shadowbert.testing.exchanges import an_audited_exchange
from shadowbert.testing.sinks import MemorySink
from tests.bench.table import Row

ROWS = 20_000


def bench() -> Iterator[Row]:
    exchange = an_audited_exchange(request_body=os.urandom(1200), response_body=os.urandom(800))
    with TemporaryDirectory() as directory:
        times = []
        with SegmentJournal(Path(directory)) as journal:
            for _ in range(ROWS):
                start = time.perf_counter()
                journal.append(exchange)
                times.append((time.perf_counter() - start) * 1e6)
        times.sort()
        yield Row("journal: append of 2 KB, p50", times[ROWS // 2], "us", at_most=50)
        yield Row("journal: append of 2 KB, p99", times[ROWS * 99 // 100], "us")
        start = time.perf_counter()
        Loader(Path(directory), MemorySink()).step()
        yield Row("journal: loader into memory", ROWS / (time.perf_counter() - start), "rows/s", at_least=5000)
