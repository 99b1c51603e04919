"""Reads a reply of the legacy completions endpoint, JSON or streamed: both have the same shape."""

from collections.abc import Mapping

from shadowbert.wire.choices import read_choices
from shadowbert.wire.reply import Reply


def read_completions_reply(plain: bytes, streamed: bool) -> Reply | None:  # noqa: FBT001 - one of an endpoint's readers
    """Of the decoded body, one JSON document or a stream; never raises."""
    return read_choices(plain, streamed=streamed, said=_text)


def _text(choice: Mapping[str, object]) -> Mapping[str, object]:
    return {"content": choice.get("text")}
