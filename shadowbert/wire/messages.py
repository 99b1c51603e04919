"""Reads the messages of a chat request as plain text by role, or says why they are more than that."""

from shadowbert.domain.route import Reason
from shadowbert.domain.template import Message, Prompt
from shadowbert.wire.content import read_content
from shadowbert.wire.tolerant import as_text

PLAIN_ROLES = frozenset(("system", "developer", "user", "assistant"))
_HISTORY_ROLES = frozenset(("tool", "function"))
_HISTORY_KEYS = ("tool_calls", "function_call", "refusal")
_PLAIN_KEYS = frozenset(("role", "content"))
_TEXT = frozenset(("text",))


def read_messages(messages: list[object]) -> tuple[Prompt, Reason | None]:
    """The prompt; or its opening, and the reason why messages by role and text cannot say what comes next."""
    prompt: list[Message] = []
    for raw in messages:
        message = _read_message(raw)
        if isinstance(message, Reason):
            return tuple(prompt), message
        prompt.append(message)
    return tuple(prompt), None


def says_more(raw: dict[str, object], known: frozenset[str]) -> bool:
    """Whether a key that we do not read holds anything: a `name` is part of what the model sees."""
    return any(value for key, value in raw.items() if key not in known)


def _read_message(raw: object) -> Message | Reason:
    if not isinstance(raw, dict):
        return Reason.PARAMETER
    role = as_text(raw.get("role"))
    if role in _HISTORY_ROLES:
        return Reason.HISTORY
    reason = _beside(raw) if raw.keys() != _PLAIN_KEYS else None
    if reason is not None or role is None or role not in PLAIN_ROLES:
        return reason or Reason.PARAMETER
    text = read_content(raw.get("content"), _TEXT)
    return text if isinstance(text, Reason) else Message(role, text)


def _beside(raw: dict[str, object]) -> Reason | None:
    """What a message says beside its role and its content."""
    if any(raw.get(key) for key in _HISTORY_KEYS):
        return Reason.HISTORY
    if raw.get("audio"):
        return Reason.AUDIO
    return Reason.PARAMETER if says_more(raw, _PLAIN_KEYS) else None
