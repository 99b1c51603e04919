"""Finds the JSON schema that a prompt states in its messages, where the request's own fields state none.

Some clients write it there: instructor's JSON modes, pydantic-ai's prompted output. Knows not what a schema allows.
"""

import json
import re
from collections.abc import Iterator

from shadowbert.domain.template import Prompt
from shadowbert.wire.tolerant import parse_object

_INSTRUCTING = frozenset(("system", "developer", "instructions"))
_OPENING = re.compile(r'\{\s*"')
_DECODER = json.JSONDecoder()  # orjson cannot say where an object ends

MAX_CHARS = 65_536
"""Longer texts are not searched: reading them would hold up other calls."""
MAX_FAILURES = 16
"""Broken objects that are passed over: each may be read to the end of the text before it turns out to be broken."""

Schema = dict[str, object]


def schema_in_prose(prompt: Prompt) -> Schema | None:
    """The only schema in the instructions; where they hold none, the only one in the user's messages.

    The order matters: an input that happens to hold a schema does not unsay what the instructions state.
    """
    telling = [message for message in prompt if '"properties"' in message.text or '"$defs"' in message.text]
    if not telling:
        return None
    told = _schemas([message.text for message in telling if message.role in _INSTRUCTING])
    found = told or _schemas([message.text for message in telling if message.role == "user"])
    return found[0] if len(found) == 1 else None


def _schemas(texts: list[str]) -> list[Schema]:
    """The schemas in these texts, each once; the second is enough to know that there is no only one."""
    found: dict[str, Schema] = {}
    if sum(map(len, texts)) <= MAX_CHARS:
        for source, parsed in _objects("\n".join(texts)):
            if _is_schema(parsed):
                found[source] = parsed
            if len(found) > 1:
                break
    return list(found.values())


def _objects(text: str) -> Iterator[tuple[str, Schema]]:
    """The outermost JSON objects in a text, as they stand there and as they read, in time linear in its length."""
    position = failures = 0
    while failures < MAX_FAILURES and (opening := _OPENING.search(text, position)) is not None:
        start = opening.start()
        try:
            _, position = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            position, failures = start + 1, failures + 1
            continue
        source = text[start:position]
        parsed = parse_object(source)  # orjson is stricter: no NaN, no lone surrogate
        if parsed is not None:
            yield source, parsed


def _is_schema(candidate: Schema) -> bool:
    described = candidate.get("type") == "object" and isinstance(candidate.get("properties"), dict)
    return described or isinstance(candidate.get("$defs"), dict)
