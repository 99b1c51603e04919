"""Responses that a student gave are not kept, by nobody: whoever asks for one again is told so, and not upstream.

Knows ids and addresses; decides nothing about answers.
"""

import re

from shadowbert.domain.exchange import Endpoint
from shadowbert.flow.incoming import Incoming
from shadowbert.flow.marks import error_reply
from shadowbert.flow.ports import Headers
from shadowbert.wire.local_answer import OUR_RESPONSES
from shadowbert.wire.tolerant import as_text, parse_object

_ID = OUR_RESPONSES + "[0-9A-Za-z]{1,64}"
_NAMED = re.compile(rf"(?:.*)/responses/(?P<id>{_ID})(?:/.*)?")
_MARK = OUR_RESPONSES.encode("ascii")


def forgotten(incoming: Incoming) -> str | None:
    """The id of the local answer that this request is about, or builds on."""
    if _MARK in incoming.target:
        found = _NAMED.fullmatch(incoming.path)
        return found["id"] if found else None
    if incoming.endpoint is Endpoint.RESPONSES and isinstance(incoming.body, bytes) and _MARK in incoming.body:
        previous = as_text((parse_object(incoming.body) or {}).get("previous_response_id"))
        return previous if previous and re.fullmatch(_ID, previous) else None
    return None


def not_kept(response_id: str, marks: Headers) -> tuple[Headers, bytes]:
    """The headers and the body of the 404."""
    message = (
        f"Response with id '{response_id}' not found: a student of shadowbert answered it, and its answers are not "
        "stored. Send `store: true` with calls whose responses you want to use again; the LLM answers those."
    )
    return error_reply(
        message, code="shadowbert_response_not_kept", retry=False, marks=marks, type="invalid_request_error"
    )
