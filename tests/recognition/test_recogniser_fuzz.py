"""Whatever bytes come in, reading and recognising them raises nothing."""

from functools import cache
from random import Random
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.task import PublishedVersion, StageTable
from shadowbert.recognition.contract import read_contract
from shadowbert.recognition.mining import mine
from shadowbert.recognition.recogniser import Recogniser
from shadowbert.testing.factories import version
from shadowbert.wire.endpoints import read_request
from tests.mixes.asks import schema_of
from tests.mixes.mix import Asking
from tests.mixes.shapes import SHAPES

JOBS = [Asking("job", shape, "schema", "How urgent is it? Low can wait.") for shape in SHAPES]


def body_of(job: Asking, number: int) -> bytes:
    body = job.call(number, Random(number))[0].request_body
    assert body is not None
    return body


@cache
def known() -> Recogniser:
    """Versions of every shape, all with the same labels."""
    contract = read_contract(schema_of(JOBS[0].closed))
    assert contract is not None
    versions: list[PublishedVersion] = []
    for job in JOBS:
        read = [read_request(Endpoint.CHAT, body_of(job, number)) for number in range(24)]
        skeleton = mine([request.prompt for request in read if request is not None and request.prompt])
        if skeleton is not None:
            versions.append(version(id=f"v-{job.shape}", contract=contract, skeleton=skeleton))
    assert len(versions) >= len(JOBS) - 1
    recogniser = Recogniser()
    recogniser.publish(StageTable(tuple(versions), revision=1, gate_looked_at=None))
    return recogniser


def recognised(endpoint: Endpoint, body: bytes) -> None:
    request = read_request(endpoint, body)
    call = known().recognise(request, tenant="default") if request is not None else None
    assert call is None or isinstance(call.input, str)


endpoints = st.sampled_from(list(Endpoint))
texts = st.text(max_size=12) | st.sampled_from(
    ['{"body":1}', '{"message": {"a": []}}', "{", '{"a":' * 300, "\ud800", "\0"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)


@given(endpoints, st.binary(max_size=200))
def test_any_bytes(endpoint: Endpoint, body: bytes) -> None:
    recognised(endpoint, body)


@given(endpoints, st.sampled_from(JOBS), st.data())
def test_broken_and_cut_bytes(endpoint: Endpoint, job: Asking, data: st.DataObject) -> None:
    body = bytearray(body_of(job, 1))
    for _ in range(data.draw(st.integers(0, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    recognised(endpoint, bytes(body)[: data.draw(st.integers(0, len(body)))])


@given(endpoints, st.sampled_from(JOBS), st.data())
def test_any_value_in_any_place(endpoint: Endpoint, job: Asking, data: st.DataObject) -> None:
    body: Any = orjson.loads(body_of(job, 2))
    place: Any = body
    for _ in range(data.draw(st.integers(0, 5))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys)) if keys else None
        if key is None or not isinstance(place[key], dict | list):
            break
        place = place[key]
    keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    if keys:
        place[data.draw(st.sampled_from(keys))] = data.draw(values)
    recognised(endpoint, _written(body))


def _written(body: object) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:  # what JSON cannot say reaches nobody
        return b"{}"
