"""Reads JSON that others wrote without ever raising; knows nothing of what the JSON should hold."""

import orjson


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
