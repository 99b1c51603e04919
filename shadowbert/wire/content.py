"""Reads the content of one message as plain text, or says what else it holds. Knows no roles."""

from collections.abc import Mapping
from types import MappingProxyType

from shadowbert.domain.route import Reason
from shadowbert.wire.tolerant import as_object, as_text

_KEYS = frozenset(("type", "text", "annotations", "logprobs", "prompt_cache_breakpoint"))
"""What a text part may say: beside its text, what a reply said of itself and how the prompt is cached."""

_OTHERS: Mapping[str | None, Reason] = MappingProxyType(
    {
        "image_url": Reason.IMAGE,
        "input_image": Reason.IMAGE,
        "input_audio": Reason.AUDIO,
        "refusal": Reason.HISTORY,
    }
)


def read_content(content: object, kinds: frozenset[str]) -> str | Reason:
    """The text, or that of the parts joined by a line feed; `kinds` are the endpoint's types of text parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return Reason.PARAMETER
    texts = []
    for part in content:
        text = _read_part(as_object(part), kinds)
        if isinstance(text, Reason):
            return text
        texts.append(text)
    return "\n".join(texts) if texts else Reason.NOT_TEXT


def _read_part(part: dict[str, object], kinds: frozenset[str]) -> str | Reason:
    kind, text = as_text(part.get("type")), part.get("text")
    if kind in kinds and isinstance(text, str) and part.keys() <= _KEYS:
        return text
    return _OTHERS.get(kind, Reason.NOT_TEXT)
