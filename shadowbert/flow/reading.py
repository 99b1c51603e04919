"""Reads an observed exchange, live or logged: both sides of the journal must see the same call. Judges nothing."""

from dataclasses import replace
from typing import Protocol

from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.records import LoggedExchange
from shadowbert.domain.route import Reason
from shadowbert.wire import endpoints
from shadowbert.wire.reply import Reply
from shadowbert.wire.request import Request


class Place(Protocol):
    """What a call's address says about it."""

    @property
    def endpoint(self) -> Endpoint | None: ...
    @property
    def upstream(self) -> str: ...
    @property
    def deployment(self) -> str: ...


def read_call(place: Place, body: bytes, *, explicit_task: str | None) -> Request | None:
    """What the body asks, completed by what stands beside it: Azure names the model in the path, a header the task."""
    if place.endpoint is None:
        return None
    request = endpoints.read_request(place.endpoint, body)
    if request is None:
        return None
    model = place.deployment or request.model
    obstacle = request.obstacle or (None if model else Reason.PARAMETER)
    if not (place.deployment or place.upstream or explicit_task or obstacle):  # most calls say all of it themselves
        return request
    return replace(
        request,
        model=model,
        upstream=place.upstream,
        explicit_task=explicit_task or request.explicit_task,
        obstacle=obstacle,
    )


def stored_unasked(request: Request) -> bool:
    """Whether upstream would keep the answer though nobody said so: the Responses API's default."""
    return request.endpoint is Endpoint.RESPONSES and request.echo.get("store") is not False


def read_request(exchange: LoggedExchange) -> Request | None:
    if exchange.request is None:
        return None
    return read_call(exchange, exchange.request, explicit_task=exchange.explicit_task)


def read_reply(exchange: LoggedExchange) -> Reply | None:
    if exchange.endpoint is None or exchange.response is None:
        return None
    return endpoints.read_reply(
        exchange.endpoint,
        exchange.response,
        content_type=exchange.response_type,
        content_encoding=exchange.response_encoding,
    )
