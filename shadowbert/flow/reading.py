"""Reads a logged exchange the way the web process read it when it came. Judges nothing."""

from dataclasses import replace

from shadowbert.domain.records import LoggedExchange
from shadowbert.wire import endpoints
from shadowbert.wire.reply import Reply
from shadowbert.wire.request import Request


def read_request(exchange: LoggedExchange) -> Request | None:
    """With the task that the request's header named: it wins over the body's."""
    if exchange.endpoint is None or exchange.request is None:
        return None
    request = endpoints.read_request(exchange.endpoint, exchange.request)
    if request is None or exchange.explicit_task is None:
        return request
    return replace(request, explicit_task=exchange.explicit_task)


def read_reply(exchange: LoggedExchange) -> Reply | None:
    if exchange.endpoint is None or exchange.response is None:
        return None
    return endpoints.read_reply(
        exchange.endpoint,
        exchange.response,
        content_type=exchange.response_type,
        content_encoding=exchange.response_encoding,
    )
