"""The inverse of matching: a prompt with other contents in its slots. Asks nobody and judges no answer."""

import json
from collections.abc import Iterator, Mapping, Sequence

from shadowbert.domain.template import (
    SLOT_SEPARATOR,
    Holds,
    Message,
    ObjectShape,
    Prompt,
    Skeleton,
    SkeletonMessage,
)
from shadowbert.recognition.objects import read_object
from shadowbert.recognition.template import match, match_statics
from shadowbert.wire.tolerant import parse_object

Object = Mapping[str, object]
LAYOUTS: Sequence[tuple[int | None, str, str]] = ((None, ",", ":"), (None, ", ", ": "), (2, ",", ": "), (4, ",", ": "))
"""Indent and separators as JSON is commonly written."""


def fill(skeleton: Skeleton, prompt: Prompt, text: str) -> Prompt | None:
    """The prompt, which the skeleton matches, with another input. What does not count stays as it is.

    None where the input cannot be taken apart into this skeleton's slots, or would be read as something else in them.
    """
    slots = match(skeleton, prompt)
    wanted = None if slots is None else _wanted(skeleton, slots, text)
    if wanted is None:
        return None
    feed = iter(wanted)
    filled = tuple(_message(shape, message, feed) for shape, message in zip(skeleton.messages, prompt, strict=True))
    return filled if match(skeleton, filled) == tuple(wanted) else None


def _wanted(skeleton: Skeleton, slots: Sequence[str], text: str) -> list[str] | None:
    counted = len(skeleton.counted(slots))
    parts = text.split(SLOT_SEPARATOR) if counted > 1 else [text]
    if len(parts) != counted:
        return None
    feed = iter(parts)
    return [slot if index in skeleton.excluded else next(feed) for index, slot in enumerate(slots)]


def _message(shape: SkeletonMessage, message: Message, feed: Iterator[str]) -> Message:
    before: list[str] = []
    match_statics(shape.statics, message.text, before)
    holds = shape.holds or (None,) * len(before)
    contents = [_content(held, old, feed) for held, old in zip(holds, before, strict=True)]
    pieces = [text for pair in zip(shape.statics, [*contents, ""], strict=True) for text in pair]
    return Message(message.role, "".join(pieces))


def _content(held: Holds, old: str, feed: Iterator[str]) -> str:
    parsed = read_object(old) if isinstance(held, ObjectShape) else None
    if parsed is None or not isinstance(held, ObjectShape):
        return next(feed)
    return _written(_refilled(held, parsed, feed), like=old, parsed=parsed)


def _refilled(shape: ObjectShape, old: Object, feed: Iterator[str]) -> Object:
    new: dict[str, object] = {}
    for key, part in shape.parts:
        value = old.get(key)
        if isinstance(part, ObjectShape) and isinstance(value, dict):
            new[key] = _refilled(part, value, feed)
        elif part is None and ((text := next(feed)) or key in old):
            new[key] = text if isinstance(value, str | None) else _value(text)
    return {**old, **new}


def _value(text: str) -> object:
    """A number, a list or an object again, where the slot held one; else what it says."""
    wrapped = parse_object(f'{{"value":{text}}}')
    return wrapped["value"] if wrapped and wrapped.keys() == {"value"} else text


def _written(value: Object, *, like: str, parsed: Object) -> str:
    """In the layout of the object that stood there."""

    def dump(content: Object, layout: tuple[int | None, str, str], *, escaped: bool) -> str:
        indent, *separators = layout
        return json.dumps(content, indent=indent, separators=(separators[0], separators[1]), ensure_ascii=escaped)

    ways = [(layout, escaped) for layout in LAYOUTS for escaped in (False, True)]
    layout, escaped = next((way for way in ways if dump(parsed, way[0], escaped=way[1]) == like), (LAYOUTS[0], False))
    return dump(value, layout, escaped=escaped)
