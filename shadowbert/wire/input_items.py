"""Reads the input of a Responses request as plain text by role, or says why it is more than that."""

from shadowbert.domain.route import Reason
from shadowbert.domain.template import Message, Prompt
from shadowbert.wire.content import read_content
from shadowbert.wire.messages import PLAIN_ROLES, says_more
from shadowbert.wire.tolerant import as_text

_TEXT = frozenset(("input_text", "output_text", "text"))
_KEYS = frozenset(("type", "role", "content", "id", "status"))


def read_input(instructions: object, given: object) -> tuple[Prompt, Reason | None]:
    """The prompt, its instructions first; or its opening, and why messages by role and text cannot say what follows."""
    if not isinstance(instructions, str | None):
        return (), Reason.PARAMETER
    prompt = [] if instructions is None else [Message("instructions", instructions)]
    if isinstance(given, str):
        return (*prompt, Message("user", given)), None
    for item in given if isinstance(given, list) else ():
        message = _read_item(item)
        if isinstance(message, Reason):
            return tuple(prompt), message
        prompt.append(message)
    return tuple(prompt), None


def _read_item(item: object) -> Message | Reason:
    """An item that is no message (a call, its output, reasoning, a reference) belongs to an earlier turn."""
    if not isinstance(item, dict):
        return Reason.PARAMETER
    if item.get("type") not in ("message", None) or ("role" not in item and "id" in item):
        return Reason.HISTORY
    role = as_text(item.get("role"))
    if role is None or role not in PLAIN_ROLES or says_more(item, _KEYS):
        return Reason.PARAMETER
    text = read_content(item.get("content"), _TEXT)
    return text if isinstance(text, Reason) else Message(role, text)
