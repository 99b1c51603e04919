"""Arbitrary exchanges, and small ones that are quick to shrink."""

import string

from hypothesis import strategies as st

from shadowbert.domain.exchange import CallNote, Endpoint, Exchange, Outcome
from shadowbert.domain.route import Decider, Reason, Route, Source
from shadowbert.domain.student import Guess, Prediction

# JSON text: everything but lone surrogates.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ids = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=36)
floats = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 2**53)

routes = st.builds(Route, st.sampled_from(Source), st.sampled_from(Reason), st.sampled_from(Decider), floats)
calls = st.builds(CallNote, ids, texts, ids, st.booleans())
guesses = st.builds(
    Guess, st.lists(st.integers(0, 1000), max_size=4).map(tuple), st.lists(floats, max_size=4).map(tuple), floats
)
predictions = st.builds(Prediction, ids, ids, guesses, st.booleans(), st.booleans(), floats)

exchanges = st.builds(
    Exchange,
    id=ids,
    received_at=floats,
    tenant=texts,
    method=texts,
    path=texts,
    endpoint=st.none() | st.sampled_from(Endpoint),
    status=st.none() | st.integers(100, 599),
    outcome=st.sampled_from(Outcome),
    route=routes,
    first_byte_ms=floats,
    total_ms=floats,
    request_bytes=counts,
    response_bytes=counts,
    request_body=st.none() | st.binary(max_size=60),
    response_body=st.none() | st.binary(max_size=60),
    response_encoding=texts,
    response_type=texts,
    explicit_task=st.none() | texts,
    retry_count=counts,
    client=texts,
    call=st.none() | calls,
    prediction=st.none() | predictions,
    caller=texts,
)
