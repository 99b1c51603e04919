"""A factory of exchanges: a plain one by default, any field changed by name."""

from dataclasses import replace
from typing import Any

from shadowbert.domain.exchange import CallNote, Endpoint, Exchange, Outcome
from shadowbert.domain.ids import uuid7
from shadowbert.domain.route import Decider, Reason, Route, Source
from shadowbert.domain.student import Guess, Prediction


def an_exchange(**changes: Any) -> Exchange:  # noqa: ANN401 - any field's value
    """A relayed chat call without a version."""
    request = b'{"model":"gpt-5-mini","messages":[{"role":"user","content":"hello"}]}'
    response = b'{"choices":[{"message":{"role":"assistant","content":"hi"}}]}'
    exchange = Exchange(
        id=uuid7(),
        received_at=1_760_000_000.25,
        tenant="default",
        method="POST",
        path="/v1/chat/completions",
        endpoint=Endpoint.CHAT,
        status=200,
        outcome=Outcome.COMPLETE,
        route=Route(Source.LLM, Reason.NOT_CLASSIFICATION, Decider.RULE),
        first_byte_ms=480.0,
        total_ms=612.5,
        request_bytes=len(request),
        response_bytes=len(response),
        request_body=request,
        response_body=response,
        response_type="application/json",
        client="OpenAI/Python 3.54.0",
    )
    return replace(exchange, **changes)


def an_audited_exchange(**changes: Any) -> Exchange:  # noqa: ANN401 - any field's value
    """An eligible call that the coin sent to the LLM while the student predicted: every field is filled."""
    full = an_exchange(
        route=Route(Source.LLM, Reason.AUDIT, Decider.COIN, 0.05),
        response_encoding="gzip",
        explicit_task="triage",
        retry_count=1,
        caller="0123456789abcdef",
        call=CallNote("version-1", "my card was charged twice", "blake2:07", eligible=True),
        prediction=Prediction(
            "student-1", "candidate-1", Guess((2, 0), (0.97, 0.99), 0.9603), in_slice=True, late=True, ms=2.5
        ),
    )
    return replace(full, **changes)
