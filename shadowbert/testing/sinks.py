"""The exchange sink in memory, and the contract that every sink keeps."""

from collections.abc import Callable, Sequence

from shadowbert.domain.exchange import Exchange
from shadowbert.errors import StaleState
from shadowbert.flow.ports import ExchangeSink
from shadowbert.testing.exchanges import an_audited_exchange, an_exchange


class MemorySink:
    """Implements the port `ExchangeSink`; `rows` are in load sequence."""

    def __init__(self) -> None:
        self.rows: dict[str, Exchange] = {}
        self.offsets: dict[str, int] = {}

    def offset(self, segment: str) -> int:
        return self.offsets.get(segment, 0)

    def load(self, segment: str, *, start: int, end: int, exchanges: Sequence[Exchange]) -> int:
        if self.offset(segment) != start:
            raise StaleState
        before = len(self.rows)
        for exchange in exchanges:
            self.rows.setdefault(exchange.id, exchange)
        self.offsets[segment] = end
        return len(self.rows) - before


def check_exchange_sink(make: Callable[[], ExchangeSink]) -> None:
    """The whole contract. `make` gives an empty sink each time; raises AssertionError with the broken sentence."""
    for clause in (
        _starts_at_zero,
        _counts_new_rows_only,
        _moves_the_offset_with_and_without_rows,
        _keeps_segments_apart,
        _refuses_a_stale_start_whole,
        _takes_every_exchange,
    ):
        clause(make())


def _starts_at_zero(sink: ExchangeSink) -> None:
    _expect(sink.offset("unknown") == 0, "an unknown segment has offset 0")


def _counts_new_rows_only(sink: ExchangeSink) -> None:
    first, second, third = an_exchange(), an_audited_exchange(), an_exchange()
    _expect(sink.load("a", start=0, end=10, exchanges=[first, second]) == 2, "new rows are counted")
    _expect(sink.load("a", start=10, end=20, exchanges=[second, third]) == 1, "a known id is no new row")
    _expect(sink.load("a", start=20, end=30, exchanges=[first, second]) == 0, "a batch may hold nothing new")
    fourth = an_exchange()
    _expect(sink.load("a", start=30, end=40, exchanges=[fourth, fourth]) == 1, "an id twice in a batch is one row")


def _moves_the_offset_with_and_without_rows(sink: ExchangeSink) -> None:
    sink.load("a", start=0, end=10, exchanges=[an_exchange()])
    _expect(sink.offset("a") == 10, "the offset moves with the rows")
    _expect(sink.load("a", start=10, end=12, exchanges=[]) == 0, "an empty batch holds no rows")
    _expect(sink.offset("a") == 12, "the offset moves without rows")


def _keeps_segments_apart(sink: ExchangeSink) -> None:
    sink.load("a", start=0, end=10, exchanges=[an_exchange()])
    _expect(sink.offset("b") == 0, "one segment's offset is not another's")
    sink.load("b", start=0, end=7, exchanges=[an_exchange()])
    _expect((sink.offset("a"), sink.offset("b")) == (10, 7), "each segment has its offset")


def _refuses_a_stale_start_whole(sink: ExchangeSink) -> None:
    sink.load("a", start=0, end=10, exchanges=[an_exchange()])
    late = an_exchange()
    for start in (0, 9, 11):
        _expect(_is_stale(sink, start, late), f"start {start} is stale where the offset is 10")
    _expect(sink.offset("a") == 10, "a stale load moves nothing")
    _expect(sink.load("a", start=10, end=20, exchanges=[late]) == 1, "a stale load inserts nothing")


def _takes_every_exchange(sink: ExchangeSink) -> None:
    """A row that the store refuses would hold up all rows behind it for ever."""
    rows = [
        an_exchange(request_body=None, response_body=None, endpoint=None, status=None),
        an_exchange(request_body=b"", response_body=b""),
        an_exchange(request_body=b"\xff\x00{", response_body=bytes(range(256)) * 4096),
        an_exchange(path="/v1/\x00", client="\x00 \U0001f600", method="QUERY" * 50, explicit_task="\x00" * 300),
        an_exchange(path="/" + "x" * 100_000, client="y" * 100_000),
        an_exchange(received_at=0.0, request_bytes=2**40, response_bytes=2**40, retry_count=2**31 - 1),
        an_audited_exchange(),
    ]
    _expect(sink.load("a", start=0, end=10, exchanges=rows) == len(rows), "every exchange finds its place")


def _is_stale(sink: ExchangeSink, start: int, exchange: Exchange) -> bool:
    try:
        sink.load("a", start=start, end=start + 10, exchanges=[exchange])
    except StaleState:
        return True
    return False


def _expect(kept: bool, sentence: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not kept:
        raise AssertionError(sentence)
