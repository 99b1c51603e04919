"""Reads the messages of a chat request as plain text by role, or says why they are more than that."""

from shadowbert.domain.route import Reason
from shadowbert.domain.template import Message, Prompt
from shadowbert.wire.tolerant import as_text

_PLAIN_ROLES = frozenset(("system", "developer", "user", "assistant"))
_HISTORY_ROLES = frozenset(("tool", "function"))
_HISTORY_KEYS = ("tool_calls", "function_call", "refusal")
_PLAIN_KEYS = frozenset(("role", "content"))
_TEXT_PART_KEYS = frozenset(("type", "text"))


def read_messages(messages: list[object]) -> Prompt | Reason:
    """The prompt, or the reason why messages by role and text cannot say what this conversation says."""
    prompt = []
    for raw in messages:
        message = _read_message(raw)
        if isinstance(message, Reason):
            return message
        prompt.append(message)
    return tuple(prompt)


def _read_message(raw: object) -> Message | Reason:
    if not isinstance(raw, dict):
        return Reason.PARAMETER
    role = as_text(raw.get("role"))
    if role in _HISTORY_ROLES or any(raw.get(key) for key in _HISTORY_KEYS):
        return Reason.HISTORY
    if raw.get("audio"):
        return Reason.NOT_TEXT
    if role not in _PLAIN_ROLES or role is None or _says_more(raw):
        return Reason.PARAMETER
    content = raw.get("content")
    text = _join_parts(content) if isinstance(content, list) else content
    if isinstance(text, str):
        return Message(role, text)
    return Reason.NOT_TEXT if isinstance(content, list) else Reason.PARAMETER


def _says_more(raw: dict[str, object]) -> bool:
    """Whether a key that we do not read holds anything: a `name` is part of what the model sees."""
    return len(raw) > len(_PLAIN_KEYS) and any(value for key, value in raw.items() if key not in _PLAIN_KEYS)


def _join_parts(parts: list[object]) -> str | None:
    """The text of a content array; None when a part is anything but text."""
    texts = []
    for part in parts:
        if not isinstance(part, dict) or part.get("type") != "text" or not _TEXT_PART_KEYS.issuperset(part):
            return None
        text = as_text(part.get("text"))
        if text is None:
            return None
        texts.append(text)
    return "\n".join(texts) if texts else None
