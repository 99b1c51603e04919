"""Reads JSON that others wrote without ever raising; knows nothing of what the JSON should hold."""

import json
import re
from collections.abc import Iterator

import orjson

_OPENING = re.compile(r'\{\s*"')
_DECODER = json.JSONDecoder()  # orjson cannot say where an object ends
MAX_FAILURES = 16
"""Broken objects after which a text is not searched further."""


def parse_object(data: bytes | str) -> dict[str, object] | None:
    """The JSON object in `data`; None for anything else (bad UTF-8, bad JSON, another type, nested too deep)."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def as_object(value: object) -> dict[str, object]:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def as_text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def as_count(value: object) -> int | None:
    """A whole number; True is not 1."""
    return value if type(value) is int else None


def object_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the outermost JSON objects of a text stand, in time linear in its length."""
    position = failures = 0
    while failures < MAX_FAILURES and (opening := _OPENING.search(text, position)) is not None:
        start = opening.start()
        try:
            _, position = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            position, failures = start + 1, failures + 1
            continue
        yield start, position
