"""Loading: each exchange once, in an order that is the order of commits."""

import threading
from collections.abc import Callable
from contextlib import ExitStack, closing

import pytest

from shadowbert.domain.route import Decider, Reason, Route, Source
from shadowbert.errors import ShadowbertError, StaleState
from shadowbert.store.store import Store, StoreSink
from shadowbert.testing.exchanges import an_audited_exchange, an_exchange
from shadowbert.testing.sinks import check_exchange_sink
from tests.store.rows import AT, a_call, a_house, a_prediction, loaded


def sequence(store: Store) -> dict[str, int]:
    with store.read() as work:
        return {row.id: row.seq for row in work.exchanges.after(0, limit=10_000)}


def test_the_store_keeps_the_contract_of_sinks(new_url: Callable[[], str]) -> None:
    with ExitStack() as stores:
        check_exchange_sink(lambda: StoreSink(stores.enter_context(closing(Store(new_url())))))


def test_an_exchange_comes_back_as_it_went_in(store: Store) -> None:
    exchange = an_audited_exchange(request_body=b"\xff\x00{}", response_body=b"", received_at=AT)
    StoreSink(store).load("a", start=0, end=9, exchanges=[exchange])
    with store.read() as work:
        (row,) = work.exchanges.by_ids([exchange.id])
    assert exchange.call is not None
    assert (row.request, row.response, row.prediction) == (b"\xff\x00{}", b"", exchange.prediction)
    assert (row.decider, row.p_llm, row.eligible) == (Decider.COIN, 0.05, True)
    assert (row.noted_version, row.explicit_task) == (exchange.call.version_id, "triage")
    assert (row.received_at, row.retry_count, row.response_encoding) == (AT, 1, "gzip")
    assert row.caller == exchange.caller != ""


def test_metadata_only_comes_back_without_bodies(store: Store) -> None:
    exchange = an_exchange(request_body=None, response_body=None)
    StoreSink(store).load("a", start=0, end=9, exchanges=[exchange])
    with store.read() as work:
        (row,) = work.exchanges.after(0, limit=5)
    assert (row.request, row.response, row.prediction) == (None, None, None)


def test_what_is_not_observed_is_not_read_back(store: Store) -> None:
    StoreSink(store).load("a", start=0, end=9, exchanges=[an_exchange(endpoint=None), an_exchange()])
    with store.read() as work:
        assert [row.seq for row in work.exchanges.after(0, limit=5)] == [2]


def test_the_sequence_grows_without_doubles_over_overlapping_batches(store: Store) -> None:
    rows = [an_exchange() for _ in range(9)]
    sink = StoreSink(store)
    sink.load("a", start=0, end=4, exchanges=rows[:4])
    sink.load("b", start=0, end=9, exchanges=rows[2:])
    given = sequence(store)
    assert list(given) == [row.id for row in rows]
    assert len(set(given.values())) == len(rows)


def test_a_stale_load_takes_no_number_for_good(store: Store) -> None:
    sink = StoreSink(store)
    sink.load("a", start=0, end=4, exchanges=[an_exchange()])
    with pytest.raises(StaleState):
        sink.load("a", start=0, end=4, exchanges=[an_exchange()])
    with store.read() as work:
        assert work.exchanges.last_seq() == 1


def test_of_two_loaders_of_one_segment_one_wins(store: Store) -> None:
    rows = [an_exchange() for _ in range(3)]
    outcomes = at_once(lambda: StoreSink(store).load("a", start=0, end=3, exchanges=rows), 4)
    assert sorted(map(str, outcomes)) == ["3", "StaleState", "StaleState", "StaleState"]
    assert len(sequence(store)) == 3


def test_nobody_who_reads_in_order_ever_misses_a_row(store: Store) -> None:
    """A row may not become visible behind a reader that has already passed its number."""
    segments, batches, done = 3, 15, threading.Event()
    seen: list[int] = []

    def load(segment: str) -> None:
        for n in range(batches):
            rows = [an_exchange() for _ in range(4)]
            StoreSink(store).load(segment, start=n, end=n + 1, exchanges=rows)

    def follow() -> None:
        while True:
            last = done.is_set()
            with store.read() as work:
                seen.extend(row.seq for row in work.exchanges.after(seen[-1] if seen else 0, limit=7))
            if last and len(seen) == work_done:
                return

    work_done = segments * batches * 4
    threads = [threading.Thread(target=load, args=(f"s{n}",)) for n in range(segments)]
    reader = threading.Thread(target=follow, daemon=True)
    for thread in (*threads, reader):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    reader.join(20)
    assert seen == sorted(sequence(store).values())


def test_a_read_is_one_moment(store: Store) -> None:
    loaded(store, 2)
    with store.read() as work:
        assert work.exchanges.last_seq() == 2
        loaded(store, 3)
        assert work.exchanges.last_seq() == 2
        assert len(work.exchanges.after(0, limit=9)) == 2


def test_a_write_that_raises_leaves_nothing(store: Store) -> None:
    def fail_halfway() -> None:
        with store.write() as work:
            work.exchanges.load("a", start=0, end=1, batch=[an_exchange()])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert (sequence(store), StoreSink(store).offset("a")) == ({}, 0)


def test_bodies_are_forgotten_first_and_counts_never(store: Store) -> None:
    house = a_house(store)
    old, new = loaded(store, 3, received_at=AT), loaded(store, 2, received_at=AT + 100)
    with store.write() as work:
        work.calls.add([a_call(house.version, id_, seq) for seq, id_ in enumerate(old + new, start=1)])
        predicted = [a_prediction(house.candidate, seq, exchange_id=i) for seq, i in enumerate(old + new, start=1)]
        work.predictions.add(predicted, [(1,)] * 5)
        counts = work.predictions.promotion_counts(house.candidate.id)
        assert work.exchanges.forget_payloads(AT + 50) == 3
        assert [row.request is None for row in work.exchanges.after(0, limit=9)] == [True] * 3 + [False] * 2
        assert work.exchanges.forget_rows(AT + 50) == 3
    with store.read() as work:
        assert [row.id for row in work.exchanges.after(0, limit=9)] == new
        assert [row.exchange_id for row in work.calls.after(house.version.id, 0, limit=9)] == new
        assert work.predictions.promotion_counts(house.candidate.id) == counts
        assert work.predictions.coverage(house.candidate.id) == (5, 5)
        hashes = [f"i1:{seq}" for seq in range(1, 6)]
        assert work.calls.trained_inputs(house.version.id, 4, hashes) == set(hashes[:4])


def test_traffic_counts_who_answered_and_why(store: Store) -> None:
    audited = an_audited_exchange()
    served = an_audited_exchange(route=Route(Source.STUDENT, Reason.SURE, Decider.STUDENT))
    StoreSink(store).load("a", start=0, end=3, exchanges=[audited, served, an_audited_exchange(), an_exchange()])
    with store.read() as work:
        traffic = work.reports.traffic("version-1")
        assert (traffic.student, traffic.llm, traffic.reasons) == (1, 2, {"audit": 2})
        assert work.reports.latencies("version-1", Source.LLM) == [612.5, 612.5]
        assert work.reports.total_exchanges() == 4


def at_once(action: Callable[[], object], count: int) -> list[object]:
    """What so many threads that start together return, or the name of what they raise."""
    start, outcomes = threading.Barrier(count), []

    def run() -> None:
        start.wait()
        try:
            outcomes.append(action())
        except ShadowbertError as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
