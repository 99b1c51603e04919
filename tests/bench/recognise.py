"""What it costs a caller that we look whether its call is of a known task, with a hundred versions published."""

import time
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from statistics import median

from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.task import PublishedVersion, StageTable
from shadowbert.domain.template import Skeleton, SkeletonMessage
from shadowbert.recognition.contract import read_contract
from shadowbert.recognition.mining import mine
from shadowbert.recognition.recogniser import Recogniser
from shadowbert.testing.calls import asked, texts
from shadowbert.testing.factories import version
from shadowbert.wire.endpoints import read_request
from shadowbert.wire.request import Request
from tests.bench.table import Row
from tests.mixes.asks import schema_of
from tests.mixes.mix import Asking

VERSIONS = 100
CALLS = 2_000
PER_CALL = 60.0
"""Microseconds."""


def bench() -> Iterator[Row]:
    yield _row("100 tasks with labels of their own", _apart())
    yield _row("100 tasks with the same labels", _alike("plain"))
    yield _row("100 tasks with the same labels, policies", _alike("policy"))
    yield _row("100 tasks with the same labels, JSON", _alike("json_many"))
    yield _row("100 texts alone but the last", _bare())


Case = tuple[list[PublishedVersion], list[Request]]


def _row(what: str, case: Case) -> Row:
    versions, requests = case
    known = Recogniser()
    known.publish(StageTable(tuple(versions), revision=1, gate_looked_at=None))
    found = [known.recognise(request, tenant="default") for request in requests]
    if any(call is None or call.version is None for call in found):
        raise AssertionError(f"{what}: a call is not recognised")
    return Row(f"recognise: {what}, p50", _timed(known, requests), "us", at_most=PER_CALL)


def _timed(known: Recogniser, requests: list[Request]) -> float:
    times = []
    for n in range(CALLS):
        request = requests[n % len(requests)]
        start = time.perf_counter()
        known.recognise(request, tenant="default")
        times.append((time.perf_counter() - start) * 1e6)
    return median(times)


def _apart() -> Case:
    """Each schema is another one: the contract leads to the version."""
    versions, requests = [], []
    for n in range(VERSIONS):
        schema = schema_of({"label": ("card", "account", f"label {n}")})
        contract = read_contract(schema)
        if contract is not None:
            versions.append(replace(version(), id=f"v{n}", contract=contract))
        requests += [_read(asked(text, schema=schema)) for text in texts(2)]
    return versions, requests


def _alike(shape: str) -> Case:
    """Only the templates tell them apart; the instruction is what tells one from another."""
    versions, requests = [], []
    for n in range(VERSIONS):
        job = Asking("job", shape, "schema", f"Question {n}: how urgent is the message?")
        read = [_read(job.call(at, Random(at))[0].request_body or b"") for at in range(22)]
        skeleton = mine([request.prompt for request in read if request.prompt])
        contract = read_contract(schema_of(job.closed))
        if skeleton is not None and contract is not None:
            versions.append(replace(version(), id=f"v{n}", contract=contract, skeleton=skeleton))
        requests += read[20:]
    return versions, requests


def _bare() -> Case:
    """The longest way: every version is looked at, and each has a slot that would take anything."""
    shapes = [("Text: ", f"\nQuestion {n}?") for n in range(VERSIONS - 1)] + [("", "")]
    versions = [
        replace(version(), id=f"v{n}", skeleton=Skeleton((SkeletonMessage("user", statics),)))
        for n, statics in enumerate(shapes)
    ]
    said = [f"Text: {text}\nQuestion?" for text in texts(50)]
    return versions, [_read(asked("", messages=[{"role": "user", "content": text}])) for text in said]


def _read(body: bytes) -> Request:
    request = read_request(Endpoint.CHAT, body)
    if request is None:
        raise AssertionError("the bench's own call cannot be read")
    return request
