"""JSON objects as prompts hold them: aligned by structure, so that a value's quotes and commas are no template.

What varies between samples is a slot by its path; so is what carries data rather than words, and what looks like a
date or an id, even where all samples happen to agree. Knows nothing of messages.
"""

from collections.abc import Mapping, Sequence

import orjson

from shadowbert.domain.template import ObjectShape
from shadowbert.recognition.stamps import holds_stamp
from shadowbert.wire.tolerant import object_spans, parse_object

MAX_DEPTH = 8
RARE = 0.1
"""Of the samples: an object some of whose keys are rarer than this is a map, not a form."""

Object = Mapping[str, object]
Part = str | ObjectShape | None


def shape_of(samples: Sequence[Object], depth: int = 0) -> ObjectShape | None:
    """The form that all samples fill in; None where their keys are as varied as their values."""
    keys = {key: sum(key in sample for sample in samples) for sample in samples for key in sample}
    if not keys or depth > MAX_DEPTH or min(keys.values()) < max(RARE * len(samples), min(2, len(samples))):
        return None
    parts = tuple((key, _part([s[key] for s in samples if key in s], len(samples), depth)) for key in keys)
    return ObjectShape(parts, tuple(key for key, count in keys.items() if count < len(samples)))


def _part(values: Sequence[object], samples: int, depth: int) -> Part:
    objects = [value for value in values if isinstance(value, dict)]
    if len(objects) == samples:
        return shape_of(objects, depth + 1)
    first = values[0]
    constant = isinstance(first, str) and len(values) == samples and all(value == first for value in values)
    return first if constant and isinstance(first, str) and not holds_stamp(first) else None


def read_slots(shape: ObjectShape, value: object, slots: list[str]) -> bool:
    """Appends the contents of the object's slots; False where it is none of this shape."""
    if not isinstance(value, dict):
        return False
    present = 0
    for key, part in shape.parts:
        if key in value:
            present += 1
        elif key not in shape.optional:
            return False
        if isinstance(part, ObjectShape):
            if not read_slots(part, value[key], slots):
                return False
        elif part is None:
            slots.append(_text(value.get(key, "")))
        elif value[key] != part:
            return False
    return present == len(value)


def read_object(text: str) -> dict[str, object] | None:
    """The object that a slot holds, if that is all it holds."""
    return parse_object(text) if text.lstrip()[:1] == "{" else None


def spans(text: str) -> list[tuple[int, int]]:
    """Where the outermost objects of a text stand."""
    return list(object_spans(text))


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
