"""Reads a logged exchange the way the web process read it when it came. Judges nothing."""

from dataclasses import replace

from shadowbert.domain.records import LoggedExchange
from shadowbert.wire.chat_reply import ChatReply, read_chat_reply
from shadowbert.wire.chat_request import ChatRequest, read_chat_request


def read_request(exchange: LoggedExchange) -> ChatRequest | None:
    """With the task that the request's header named: it wins over the body's."""
    request = read_chat_request(exchange.request) if exchange.request is not None else None
    if request is None or exchange.explicit_task is None:
        return request
    return replace(request, explicit_task=exchange.explicit_task)


def read_reply(exchange: LoggedExchange) -> ChatReply | None:
    if exchange.response is None:
        return None
    return read_chat_reply(
        exchange.response, content_type=exchange.response_type, content_encoding=exchange.response_encoding
    )
