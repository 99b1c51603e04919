"""What a simulated teacher thinks: from the prompt's text and the request's schema to an answer. Speaks no HTTP."""

import hashlib
import random
from collections.abc import Callable, Mapping

Schema = Mapping[str, object]
Oracle = Callable[[str, Schema], Mapping[str, object]]
"""(all text of the prompt, the request's schema) to the answer."""
Speaker = Callable[[str], str]
"""All text of the prompt to an answer in words."""


def plain(_: str) -> str:
    """A speaker for calls whose answer nobody reads."""
    return "A plain answer."


_SAMPLES: Mapping[str, list[object]] = {"boolean": [True, False], "string": ["Some words."], "integer": [2]}
"""What a value without a closed set may be."""


def first_label(_: str, schema: Schema) -> Mapping[str, object]:
    """An oracle for plumbing tests: every field's first label."""
    return {name: labels[0] for name, labels in fields_of(schema).items()}


def hashed_label(text: str, schema: Schema) -> Mapping[str, object]:
    """An oracle that answers any text, always the same way, with labels spread evenly."""
    mark = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
    return {name: labels[mark % len(labels)] for name, labels in fields_of(schema).items()}


def fields_of(schema: Schema) -> dict[str, list[object]]:
    """The top-level fields of a schema with their labels; enough for an oracle, not a reader of JSON Schema."""
    properties, defs = schema.get("properties"), schema.get("$defs")
    found = {}
    for name, given in (properties if isinstance(properties, dict) else {}).items():
        spec = given
        if "$ref" in spec and isinstance(defs, dict):
            spec = defs[spec["$ref"].rpartition("/")[2]]
        known = _SAMPLES.get(str(spec.get("type")), [spec.get("const")])
        found[name] = spec.get("enum") or ([spec["const"]] if "const" in spec else known)
    return found


def noisy(answer: Mapping[str, object], schema: Schema, *, draw: random.Random) -> Mapping[str, object]:
    """The answer with another label in one of its fields, where any field has one."""
    choices = {name: [x for x in labels if x != answer.get(name)] for name, labels in fields_of(schema).items()}
    open_fields = sorted(name for name, labels in choices.items() if labels)
    if not open_fields:
        return answer
    name = draw.choice(open_fields)
    return {**answer, name: draw.choice(choices[name])}
