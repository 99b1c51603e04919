"""OpenAI's published schemas as validators; the description lies beside the repository, not in it."""

from functools import cache
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

DESCRIPTION = Path(__file__).parents[2] / "../shared/openapi/openapi.transformed.yml"
REFERENCE = "#/components/schemas/"


@cache
def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    """Of the schema with this name; skips the test where there is no description."""
    known = _schemas()
    needed, open_names = {}, [name]
    while open_names:
        current = open_names.pop()
        if current not in needed:
            references: set[str] = set()
            needed[current] = _rewritten(known[current], references)
            open_names += references
    return jsonschema_rs.Draft202012Validator({"$ref": REFERENCE + name, "components": {"schemas": needed}})


@cache
def _schemas() -> dict[str, object]:
    if not DESCRIPTION.exists():
        pytest.skip("no published description beside this checkout")
    return yaml.load(DESCRIPTION.read_bytes(), Loader=yaml.CSafeLoader)["components"]["schemas"]


def _rewritten(schema: object, references: set[str]) -> object:
    """The schema with `nullable: true` said as OpenAPI 3.1 would; the names it refers to are added to `references`."""
    if isinstance(schema, list):
        return [_rewritten(part, references) for part in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        references.add(reference.removeprefix(REFERENCE))
    parts = {key: _rewritten(value, references) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [parts, {"type": "null"}]} if schema.get("nullable") is True else parts
