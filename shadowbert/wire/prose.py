"""Finds the JSON schema that a prompt states in its messages, where the request's own fields state none.

Some clients write it there: instructor's JSON modes, pydantic-ai's prompted output. Knows not what a schema allows.
"""

from collections.abc import Iterator

from shadowbert.domain.template import Prompt
from shadowbert.wire.tolerant import object_spans, parse_object

_INSTRUCTING = frozenset(("system", "developer", "instructions"))

MAX_CHARS = 65_536
"""Longer texts are not searched: reading them would hold up other calls."""

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
    for start, end in object_spans(text):
        source = text[start:end]
        parsed = parse_object(source)  # orjson is stricter: no NaN, no lone surrogate
        if parsed is not None:
            yield source, parsed


def _is_schema(candidate: Schema) -> bool:
    described = candidate.get("type") == "object" and isinstance(candidate.get("properties"), dict)
    return described or isinstance(candidate.get("$defs"), dict)
