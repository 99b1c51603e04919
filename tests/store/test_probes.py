"""Answers to inputs that an operator had asked again."""

from dataclasses import replace

from shadowbert.domain.records import ProbeRow
from shadowbert.store.store import Store
from tests.store.rows import a_house, a_prediction, loaded


def test_probes_come_back_as_they_went_in_and_of_a_slice(store: Store) -> None:
    house, (exchange,) = a_house(store), loaded(store, 1)
    same = ProbeRow(house.version.id, "a", (1,), (1,), None, "maria", 5.0)
    none = replace(same, input_hash="b", again=None, unfit="refusal")
    inside = replace(a_prediction(house.candidate, 1), input_hash="b", exchange_id=exchange)
    with store.write() as work:
        work.probes.add([same, none])
        work.probes.add([])
        work.predictions.add([inside], [(1,)])
        assert work.probes.of_version(house.version.id) == [same, none]
        assert work.probes.of_version(house.version.id, inside=house.candidate.id) == [none]
        assert work.probes.of_version("nobody") == []
