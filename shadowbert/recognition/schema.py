"""Reads a JSON schema as a tree of closed label sets, or finds that it is open.

Only keywords whose meaning is understood are let through; any other could forbid an answer that the tree allows.
Knows nothing of canonical order: the tree keeps the schema's own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import unquote

from shadowbert.domain.contract import Label
from shadowbert.recognition.fingerprint import canonical_json

MAX_DEPTH = 16
"""Levels of nesting and reference; OpenAI's strict mode allows 10 of the former."""
MAX_WORK = 5_000
"""Schema nodes and labels read before a schema counts as too large; OpenAI allows 1,000 labels in all."""
MAX_FIELDS = 100
"""Leaves: each becomes a head of the student."""
MAX_RANGE = 20
"""Whole numbers between bounds that still count as labels."""

ANNOTATIONS = frozenset(
    (
        *("$schema", "$id", "$comment", "$defs", "definitions", "discriminator", "propertyOrdering", "strict"),
        *("title", "description", "default", "example", "examples", "deprecated", "readOnly", "writeOnly"),
        *("format", "nullable"),  # as JSON Schema 2020-12 has it: they allow and forbid nothing
    )
)
_UNIONS = frozenset(("anyOf", "oneOf"))
COMBINATIONS = _UNIONS | {"allOf"}
_BOUNDS = frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"))
_LEAF_KEYWORDS = ANNOTATIONS | COMBINATIONS | _BOUNDS | {"$ref", "const", "enum", "type"}
_BRANCH_KEYWORDS = ANNOTATIONS | {"type", "properties", "required", "additionalProperties"}
_TYPES: Mapping[type, frozenset[object]] = {
    str: frozenset(("string",)),
    bool: frozenset(("boolean",)),
    int: frozenset(("integer", "number")),
    type(None): frozenset(("null",)),
}

Node = Mapping[str, object]
Labels = dict[str, Label]
"""Labels by their JSON text: there True is not 1."""


class NotClosed(Exception):
    """The schema does not name a closed set of answers that we understand."""


@dataclass(frozen=True, slots=True)
class Leaf:
    labels: Labels


@dataclass(frozen=True, slots=True)
class Branch:
    """An object's properties in the schema's order: name, whether required, what may stand there."""

    properties: tuple[tuple[str, bool, "Leaf | Branch"], ...]

    def leaves(self, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], bool, Leaf]]:
        for name, required, node in self.properties:
            if isinstance(node, Branch):
                yield from node.leaves((*path, name))
            else:
                yield (*path, name), required, node


def read_schema(schema: Mapping[str, object]) -> Branch:
    """The closed object that the schema describes. Raises NotClosed, or TypeError for labels that JSON cannot say."""
    tree = _Reader(schema).tree(schema, 0)
    if not isinstance(tree, Branch):
        raise NotClosed
    return tree


def resolve(root: Node, reference: object) -> object:
    """Follows a JSON pointer (RFC 6901) inside this schema; nothing is ever fetched. Raises NotClosed."""
    if not isinstance(reference, str) or not (reference + "/").startswith("#/"):
        raise NotClosed
    node: object = root
    for step in unquote(reference).split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, Mapping) or name not in node:
            raise NotClosed
        node = node[name]
    return node


class _Reader:
    """One reading of one schema, within bounds: every node and label costs, references included."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._work = MAX_WORK
        self._fields = 0

    def tree(self, node: object, depth: int) -> Leaf | Branch:
        while (inner := self._wrapped(node)) is not None:
            self._pay(depth)
            node, depth = inner, depth + 1
        if isinstance(node, dict) and ("properties" in node or _types(node) == {"object"}):
            return self._branch(node, depth)
        self._fields += 1
        return Leaf(self._labels(node, depth)) if self._fields <= MAX_FIELDS else _open()

    def _branch(self, node: Node, depth: int) -> Branch:
        self._pay(depth)
        properties, required = node.get("properties"), node.get("required", [])
        if not (
            node.keys() <= _BRANCH_KEYWORDS
            and _types(node) in ({"object"}, None)
            and (node.get("additionalProperties", True) in (True, False, {}))
            and (isinstance(properties, dict) and properties)
            and (isinstance(required, list) and all(isinstance(name, str) for name in required))
            and (needed := frozenset(required)) <= properties.keys()
        ):
            raise NotClosed
        children = tuple((name, name in needed, self.tree(child, depth + 1)) for name, child in properties.items())
        if any(isinstance(child, Branch) and not required for _, required, child in children):
            raise NotClosed  # its leaves would be conditional on each other
        return Branch(children)

    def _labels(self, node: object, depth: int) -> Labels:
        """What all finite constraints of a leaf allow together; a lone type must be finite by itself."""
        self._pay(depth)
        if not isinstance(node, dict) or not node.keys() <= _LEAF_KEYWORDS:
            raise NotClosed
        sets = list(self._finite(node, depth + 1))
        if sets and node.keys() & _BOUNDS:
            raise NotClosed
        first, *others = sets or [_labels_of_types(node)]
        types = _types(node)
        kept = {
            text: label
            for text, label in first.items()
            if (types is None or types & _TYPES[type(label)]) and all(text in other for other in others)
        }
        return kept or _open()

    def _finite(self, node: Node, depth: int) -> Iterator[Labels]:
        if "$ref" in node:
            yield self._labels(resolve(self._root, node["$ref"]), depth)
        if "const" in node:
            yield _by_text([node["const"]])
        if "enum" in node:
            values = _list(node["enum"])
            self._pay(depth, len(values))
            yield _by_text(values)
        for keyword in COMBINATIONS & node.keys():
            parts = [self._labels(part, depth) for part in _list(node[keyword])]
            if keyword == "allOf":
                yield from parts
            else:
                yield _union(parts, disjoint=keyword == "oneOf")

    def _wrapped(self, node: object) -> object | None:
        """What a node stands for that is no more than a reference, or a combination of one."""
        if not isinstance(node, dict):
            return None
        telling = node.keys() - ANNOTATIONS
        if telling == {"$ref"}:
            return resolve(self._root, node["$ref"])
        for keyword in COMBINATIONS & telling:
            parts = _list(node[keyword])
            return parts[0] if len(telling) == len(parts) == 1 else None
        return None

    def _pay(self, depth: int, work: int = 1) -> None:
        self._work -= work
        if depth > MAX_DEPTH or self._work < 0:
            raise NotClosed


def _open() -> NoReturn:
    raise NotClosed


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) and value else _open()


def _types(node: Node) -> set[object] | None:
    """The type names of a node; None where it names none."""
    named = node.get("type")
    if named is None:
        return None
    names = named if isinstance(named, list) else [named]
    return set(names) if all(isinstance(name, str) for name in names) else _open()


def _by_text(values: list[object]) -> Labels:
    labels: Labels = {}
    for value in values:
        if not isinstance(value, str | int | None):
            raise NotClosed
        labels[canonical_json(value)] = value
    return labels


def _union(parts: list[Labels], *, disjoint: bool) -> Labels:
    union = {text: label for part in parts for text, label in part.items()}
    if disjoint and len(union) < sum(map(len, parts)):
        raise NotClosed  # oneOf refuses what two of its parts allow
    return union


def _labels_of_types(node: Node) -> Labels:
    values: list[object] = []
    for name in _types(node) or ():
        if name == "boolean":
            values += [True, False]
        elif name == "null":
            values.append(None)
        elif name == "integer":
            values += _whole_numbers(node)
        else:
            raise NotClosed
    return _by_text(values)


def _whole_numbers(node: Node) -> range:
    low = _tightest(node, "minimum", "exclusiveMinimum", 1)
    high = _tightest(node, "maximum", "exclusiveMaximum", -1)
    return range(low, high + 1) if 0 <= high - low < MAX_RANGE else _open()


def _tightest(node: Node, inclusive: str, exclusive: str, step: int) -> int:
    """The bound that counts; `step` leads from an exclusive bound into the range."""
    bounds = [
        bound + inward
        for keyword, inward in ((inclusive, 0), (exclusive, step))
        if (bound := node.get(keyword)) is not None and (type(bound) is int or _open())
    ]
    return (max(bounds) if step > 0 else min(bounds)) if bounds else _open()
