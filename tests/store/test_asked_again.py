"""Which inputs were asked again within a minute, by whose lot it was to answer them first."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from shadowbert.domain.route import Decider, Source
from shadowbert.domain.student import Prediction
from shadowbert.store.store import Store, StoreSink
from shadowbert.testing.exchanges import an_exchange
from tests.store.rows import AT, House, a_call, a_house, a_prediction

MS = 500.0


@dataclass
class Log:
    store: Store
    house: House
    seq: int = 0

    @property
    def prediction(self) -> Prediction:
        return a_prediction(self.house.candidate, 1).prediction

    def call(self, text: str, at: float, **changes: Any) -> None:
        """A call that took half a second; outside the share unless the changes say otherwise."""
        self.seq += 1
        exchange = an_exchange(received_at=AT + at, total_ms=MS)
        sink = StoreSink(self.store)
        sink.load("log", start=self.seq - 1, end=self.seq, exchanges=[exchange])
        row = a_call(self.house.version, exchange.id, self.seq, input_hash=text, decider=Decider.SHARE)
        row = replace(row, **{"prediction": self.prediction, **changes})
        with self.store.write() as work:
            work.calls.add([row])

    def local(self, text: str, at: float, **changes: Any) -> None:
        self.call(text, at, **{"decider": Decider.STUDENT, "source": Source.STUDENT, "answer": None, **changes})

    def counted(self, after: int = 0) -> tuple[int, int]:
        with self.store.read() as work:
            return work.calls.asked_again(self.house.version.id, self.house.candidate.id, after=after)


@pytest.fixture
def log(store: Store) -> Log:
    return Log(store, a_house(store))


def test_each_input_counts_once_for_whoever_answered_it_first(log: Log) -> None:
    for at in (0, 10, 20, 30):
        log.local("mine", at)
        log.call("theirs", at)
        log.call("theirs too", at)
    log.local("once", 0)
    log.call("once as well", 0)
    assert log.counted() == (1, 2)
    assert log.counted(after=log.seq - 2) == (0, 0)


@pytest.mark.parametrize(("after_s", "counted"), [(0.9, 0), (1.1, 1), (59.9, 1), (60.1, 0)])
def test_a_minute_from_the_answers_end(log: Log, after_s: float, counted: int) -> None:
    log.local("mine", 0)
    log.local("mine", MS / 1000 + after_s)
    assert log.counted() == (counted, 0)


def test_another_caller_is_no_repetition(log: Log) -> None:
    log.local("mine", 0, caller="ann")
    log.local("mine", 10, caller="bob")
    assert log.counted() == (0, 0)
    log.call("mine", 20, caller="ann", decider=Decider.COIN)
    assert log.counted() == (1, 0), "whoever answers the repetition"


def test_what_no_lot_gave_to_either_counts_for_nobody(log: Log) -> None:
    unsure = replace(log.prediction, in_slice=False)
    other = replace(log.prediction, candidate_id="other")
    first: dict[str, dict[str, Any]] = {
        "an audit": {"decider": Decider.COIN},
        "unsure": {"decider": Decider.STUDENT, "prediction": unsure},
        "outside the slice": {"prediction": unsure},
        "another champion's": {"prediction": other},
        "unknown": {"prediction": None},
        "unanswered": {"answer": None, "unfit": "upstream_error"},
        "forced": {"decider": Decider.CLIENT},
    }
    for text, changes in first.items():
        log.call(text, 0, **changes)
        log.call(text, 10, **changes)
    assert log.counted() == (0, 0)
