"""Reads a JSON schema as a tree of closed label sets, with what is not closed marked as free.

Only keywords whose meaning is understood are let through; any other could forbid an answer that the tree allows.
Knows nothing of canonical order: the tree keeps the schema's own.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from shadowbert.recognition.labels import (
    Node,
    NotClosed,
    by_text,
    labels_of_types,
    narrowed,
    type_of,
    types_of,
    union,
)
from shadowbert.recognition.tree import Branch, Container, Either, Free, Labels, Leaf, Several, Tree, Variants

MAX_DEPTH = 32
"""Levels of nesting, reference and combination; OpenAI's strict mode allows 10 of the first."""
MAX_WORK = 5_000
"""Schema nodes and labels read before a schema counts as too large; OpenAI allows 1,000 labels in all."""

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
_LIST_KEYWORDS = ANNOTATIONS | {"type", "items", "minItems", "maxItems", "uniqueItems"}


class TooLarge(NotClosed):
    """The schema is nested too deeply, or says too much, to be read at all."""


def read_schema(schema: Mapping[str, object]) -> Branch | Variants:
    """The object that the schema describes. Raises NotClosed, or TypeError for labels that JSON cannot say."""
    tree = _Reader(schema).tree(schema, 0)
    if not isinstance(tree, Branch | Variants):
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

    def tree(self, node: object, depth: int) -> Tree:
        """What may stand here. Raises NotClosed where that is no choice between labels."""
        parts = list(self._alternatives(node, depth))
        holders = [(part, deep) for part, deep in parts if _holds(part)]
        if not holders:
            return Leaf(self._labels(node, depth))
        held = [self._container(part, deep) for part, deep in holders]
        nulls = [by_text([None]) for part, _ in holders if "null" in (types_of(part) or ())]
        bare = [self._labels(part, deep) for part, deep in parts if not _holds(part)]
        labels = union([*nulls, *bare], disjoint=True)
        one = _told_apart(held)
        return Either(labels, one) if labels else one

    def _alternatives(self, node: object, depth: int) -> Iterator[tuple[Node, int]]:
        """The parts of a union of unions, without the references and the combinations of one that they hide behind."""
        self._pay(depth)
        if not isinstance(node, dict):
            raise NotClosed
        telling = node.keys() - ANNOTATIONS
        if telling == {"$ref"}:
            yield from self._alternatives(resolve(self._root, node["$ref"]), depth + 1)
        elif len(telling) == 1 and telling <= COMBINATIONS:
            (keyword,) = telling
            parts = _list(node[keyword])
            if keyword == "allOf" and len(parts) > 1:
                yield node, depth
            else:
                for part in parts:
                    yield from self._alternatives(part, depth + 1)
        else:
            yield node, depth

    def _container(self, node: Node, depth: int) -> Branch | Several:
        if "properties" in node or "object" in (types_of(node) or ()):
            return self._branch(node, depth)
        return self._several(node, depth)

    def _branch(self, node: Node, depth: int) -> Branch:
        properties, required = node.get("properties"), node.get("required", [])
        if not (
            node.keys() <= _BRANCH_KEYWORDS
            and (types_of(node) or {"object"}) - {"null"} == {"object"}
            and (node.get("additionalProperties", True) in (True, False, {}))
            and (isinstance(properties, dict) and properties)
            and (isinstance(required, list) and all(isinstance(name, str) for name in required))
            and (needed := frozenset(required)) <= properties.keys()
        ):
            raise NotClosed
        return Branch(
            tuple((name, name in needed, self._property(child, depth + 1)) for name, child in properties.items())
        )

    def _property(self, node: object, depth: int) -> Tree:
        try:
            return self.tree(node, depth)
        except TooLarge:
            raise
        except NotClosed:
            return Free(tuple(sorted(self._types(node, depth))))

    def _several(self, node: Node, depth: int) -> Several:
        """A list whose order says nothing. One of a fixed length with repeats is a row of places, not a set."""
        least, most = _count(node, "minItems") or 0, _count(node, "maxItems")
        if (
            not node.keys() <= _LIST_KEYWORDS
            or (types_of(node) or set()) - {"null"} != {"array"}
            or "items" not in node
        ):
            raise NotClosed
        labels = self._labels(node["items"], depth + 1)
        repeats = node.get("uniqueItems") is not True and (most is None or most > 1)
        if not repeats:
            most = None if most is None or most >= len(labels) else most
        if least > len(labels) or most == 0 or (most is not None and (least > most or (least == most and repeats))):
            raise NotClosed
        return Several(labels, least, most, repeats)

    def _labels(self, node: object, depth: int) -> Labels:
        """What all finite constraints of a leaf allow together; a lone type must be finite by itself."""
        self._pay(depth)
        if not isinstance(node, dict) or not node.keys() <= _LEAF_KEYWORDS:
            raise NotClosed
        sets = list(self._finite(node, depth + 1))
        if sets and node.keys() & _BOUNDS:
            raise NotClosed
        return narrowed(sets or [labels_of_types(node)], types_of(node))

    def _finite(self, node: Node, depth: int) -> Iterator[Labels]:
        if "$ref" in node:
            yield self._labels(resolve(self._root, node["$ref"]), depth)
        if "const" in node:
            yield by_text([node["const"]])
        if "enum" in node:
            values = _list(node["enum"])
            self._pay(depth, len(values))
            yield by_text(values)
        for keyword in COMBINATIONS & node.keys():
            parts = [self._labels(part, depth) for part in _list(node[keyword])]
            if keyword == "allOf":
                yield from parts
            else:
                yield union(parts, disjoint=keyword == "oneOf")

    def _types(self, node: object, depth: int) -> set[str]:
        """JSON types of what is free; none where it may be of any."""
        if node is True:
            return set()
        found: set[str] = set()
        for part, deep in self._alternatives(node, depth):
            named = {str(name) for name in types_of(part) or ()} or self._implied(part, deep)
            if not named:
                return set()
            found |= named
        return found - {"integer"} if "number" in found else found

    def _implied(self, node: Node, depth: int) -> set[str]:
        if "enum" in node or "const" in node:
            values = _list(node["enum"]) if "enum" in node else [node["const"]]
            self._pay(depth, len(values))
            return {type_of(value) for value in values}
        return {"object"} if "properties" in node else {"array"} if "items" in node else set()

    def _pay(self, depth: int, work: int = 1) -> None:
        self._work -= work
        if depth > MAX_DEPTH or self._work < 0:
            raise TooLarge


def _holds(node: Node) -> bool:
    """Whether it is an object or a list, perhaps null."""
    return "properties" in node or bool((types_of(node) or set()) & {"object", "array"})


def _told_apart(held: list[Branch | Several]) -> Container:
    """One list, one object, or several that a property tells apart: the one with the fewest labels, then by name."""
    if len(held) == 1:
        return held[0]
    branches = [one for one in held if isinstance(one, Branch)]
    if len(branches) < len(held):
        raise NotClosed
    choices = [_choices(branch) for branch in branches]
    told = [
        (sum(map(len, sets)), name, sets)
        for name in choices[0]
        if all(name in chosen for chosen in choices) and _distinct(sets := [chosen[name] for chosen in choices])
    ]
    if not told:
        raise NotClosed
    _, by, sets = min(told, key=lambda found: found[:2])
    return Variants(by, tuple(zip(sets, branches, strict=True)))


def _choices(branch: Branch) -> dict[str, Labels]:
    """The labels of the properties that cannot be left out."""
    return {name: c.labels for name, required, c in branch.properties if required and isinstance(c, Leaf)}


def _distinct(sets: list[Labels]) -> bool:
    return len({text for labels in sets for text in labels}) == sum(map(len, sets))


def _count(node: Node, keyword: str) -> int | None:
    count = node.get(keyword)
    if count is not None and (type(count) is not int or count < 0):
        raise NotClosed
    return count if type(count) is int else None


def _list(value: object) -> list[object]:
    if not isinstance(value, list) or not value:
        raise NotClosed
    return value
