"""The two minds of the matrix: a teacher that reads each text rightly, and a student that says the contrary.

Both answer whatever shape is asked for; neither knows a client library.
"""

import json
from collections.abc import Mapping
from typing import Any

from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.student import Guess
from shadowbert.testing.oracles import Schema
from tests.clients.drivers.common import TOPICS, contrary, truth

SURE = 0.99


def teacher(text: str, schema: Schema) -> Mapping[str, object]:
    """The truth in the schema's own shape; without a schema, as a plain object."""
    said = _filled(schema, schema, truth(text)) if schema.get("properties") else truth(text)
    assert isinstance(said, dict)
    return said


def _filled(node: Schema, root: Schema, said: Mapping[str, object]) -> object:
    """Enums and booleans by their kind, lists with one item, anything else with some value of its type."""
    spec = _resolved(node, root)
    if "properties" in spec:
        return {name: _filled(part, root, said) for name, part in spec["properties"].items()}
    if spec.get("type") == "array":
        return [_filled(spec["items"], root, said)]
    labels = spec.get("enum") or ([spec["const"]] if "const" in spec else [])
    if labels:
        return said["topic"] if said["topic"] in labels else labels[0]
    some: dict[str, object] = {"boolean": said["urgent"], "string": "Some words.", "integer": 2, "number": 0.5}
    return some.get(str(spec.get("type")))


def _resolved(node: Schema, root: Schema) -> dict[str, Any]:
    """References followed, the first of several branches taken (a union of constants is an enum)."""
    spec = dict(node)
    if "$ref" in spec:
        found: Any = root
        for key in str(spec["$ref"]).removeprefix("#/").split("/"):
            found = found[key]
        return {**_resolved(found, root), **{k: v for k, v in spec.items() if k != "$ref"}}
    branches = spec.get("anyOf") or spec.get("allOf") or spec.get("oneOf")
    if not branches:
        return spec
    constants = [branch["const"] for branch in branches if "const" in branch]
    return {"enum": constants} if len(constants) == len(branches) else _resolved(branches[0], root)


def speaker(prompt: str) -> str:
    """The truth in words: in the form that the prompt describes, for those clients that describe one."""
    said = truth(prompt)
    if "[[ ## completed ## ]]" in prompt:
        fields = "".join(f"[[ ## {name} ## ]]\n{value}\n\n" for name, value in said.items())
        return f"{fields}[[ ## completed ## ]]"
    if "</urgent>" in prompt:
        return "".join(f"<{name}>\n{value}\n</{name}>\n" for name, value in said.items())
    if "JSON" in prompt or "json" in prompt:
        return f"```json\n{json.dumps(said)}\n```" if "```" in prompt else json.dumps(said)
    return str(said["topic"])


class Contrarian:
    """Implements the port `Predictor`: contradicts the teacher on every call, and is sure of it."""

    def __init__(self) -> None:
        self.contracts: dict[str, Contract] = {}
        """By student."""

    async def predict(self, student_id: str, text: str, *, deadline_ms: float) -> Guess:
        del deadline_ms
        fields, said = self.contracts[student_id].fields, contrary(text)
        answer = tuple(_index(field, said) for field in fields)
        distributions = tuple(_distribution(field, index) for field, index in zip(fields, answer, strict=True))
        return Guess(answer, tuple(SURE for _ in fields), SURE, distributions)


def _index(field: Field, said: Mapping[str, object]) -> int:
    """A list has a field for each label that may stand in it."""
    listed = field.path[-1][1:-1] if field.path and field.path[-1].startswith("[") else None
    topical = set(TOPICS) & {str(label) for label in field.labels}
    wanted = listed == said["topic"] if listed in TOPICS else said["topic"] if topical else said["urgent"]
    words = [str(label) for label in field.labels]
    return words.index(str(wanted)) if str(wanted) in words else 0


def _distribution(field: Field, index: int) -> tuple[float, ...]:
    rest = (1 - SURE) / max(1, field.classes - 1)
    return tuple(SURE if place == index else rest for place in range(field.classes))
