"""Says in words where a prompt first differs from a skeleton that does not match it. Decides nothing."""

from itertools import takewhile

from shadowbert.domain.template import Prompt, Skeleton, SkeletonMessage, Stamp
from shadowbert.recognition.objects import read_object, read_slots
from shadowbert.recognition.stamps import is_stamp
from shadowbert.recognition.template import match_statics, match_text

SHOWN = 60
"""Characters of a text that are quoted."""


def difference(skeleton: Skeleton, prompt: Prompt) -> str:
    """Empty where it matches.

    >>> from shadowbert.domain.template import Message
    >>> skeleton = Skeleton((SkeletonMessage("user", ("Text: ", "")),))
    >>> difference(skeleton, (Message("user", "Mail: hello"),))
    'message 1 (user) begins with "Mail: hello", the template with "Text: "'
    """
    roles = [message.role for message in skeleton.messages]
    if [message.role for message in prompt] != roles:
        return f"its messages are not {', '.join(roles)}"
    for at, (shape, message) in enumerate(zip(skeleton.messages, prompt, strict=True), start=1):
        if not match_text(shape, message.text, []):
            return f"message {at} ({shape.role}) {_where(shape, message.text)}"
    return ""


def _where(shape: SkeletonMessage, text: str) -> str:
    first, *inner, last = shape.statics if len(shape.statics) > 1 else (*shape.statics, "")
    if len(shape.statics) == 1 or not text.startswith(first):
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, text, strict=False)))
        if not same:
            return f"begins with {_quoted(text)}, the template with {_quoted(first)}"
        said = f"goes on with {_quoted(text[same:])}" if text[same:] else "ends"
        meant = f"goes on with {_quoted(first[same:])}" if first[same:] else "ends"
        return f"{said} after {_quoted(text[max(0, same - SHOWN // 2) : same])}, the template {meant}"
    if not text.endswith(last):
        return f"ends with {_quoted(text[-SHOWN:])}, the template with {_quoted(last[-SHOWN:])}"
    at, end = len(first), len(text) - len(last)
    for static in inner:
        found = text.find(static, at, end)
        if found < 0:
            return f"does not hold {_quoted(static)} after {_quoted(text[max(0, at - SHOWN // 2) : at])}"
        at = found + len(static)
    return _held(shape, text)


def _held(shape: SkeletonMessage, text: str) -> str:
    """The constants are there; so a slot does not hold what it should."""
    contents: list[str] = []
    if match_statics(shape.statics, text, contents):
        for held, content in zip(shape.holds, contents, strict=False):
            if isinstance(held, Stamp) and not is_stamp(content):
                return f"holds {_quoted(content)} where the template holds a date, a time or an id"
            if held and not isinstance(held, Stamp) and not read_slots(held, read_object(content), []):
                return f"holds {_quoted(content)} where the template holds a JSON object of another shape"
    return "is too short for the template's constant texts"


def _quoted(text: str) -> str:
    return f'"{text[:SHOWN]}..."' if len(text) > SHOWN else f'"{text}"'
