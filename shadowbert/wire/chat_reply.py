"""Reads a chat completion reply, JSON or streamed, into one value; says nothing of what the answer means."""

from collections.abc import Mapping

from shadowbert.wire.choices import read_choices
from shadowbert.wire.reply import Reply
from shadowbert.wire.tolerant import as_object


def read_chat_reply(plain: bytes, streamed: bool) -> Reply | None:  # noqa: FBT001 - one of an endpoint's readers
    """Of the decoded body, one JSON document or a stream; never raises."""
    return read_choices(plain, streamed=streamed, said=_delta if streamed else _message)


def _message(choice: Mapping[str, object]) -> Mapping[str, object]:
    return as_object(choice.get("message"))


def _delta(choice: Mapping[str, object]) -> Mapping[str, object]:
    return as_object(choice.get("delta"))
