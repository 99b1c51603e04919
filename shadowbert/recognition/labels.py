"""Finite sets of labels, as the keywords of one schema node name them. Follows no references and combines no nodes."""

from collections.abc import Iterable, Mapping

from shadowbert.domain.contract import Label
from shadowbert.recognition.fingerprint import canonical_json
from shadowbert.recognition.tree import Labels

MAX_RANGE = 20
"""Whole numbers between bounds that still count as labels."""

Node = Mapping[str, object]

_TYPES: Mapping[type, frozenset[object]] = {
    str: frozenset(("string",)),
    bool: frozenset(("boolean",)),
    int: frozenset(("integer", "number")),
    type(None): frozenset(("null",)),
}
_NAMES: Mapping[type, str] = {
    bool: "boolean",  # before int, which it is too
    str: "string",
    int: "integer",
    float: "number",
    type(None): "null",
    list: "array",
    object: "object",
}


class NotClosed(Exception):
    """The schema does not name a closed set of answers that we understand."""


def types_of(node: Node) -> set[object] | None:
    """The type names of a node; None where it names none. Raises NotClosed."""
    named = node.get("type")
    if named is None:
        return None
    names = named if isinstance(named, list) else [named]
    if not all(isinstance(name, str) for name in names):
        raise NotClosed
    return set(names)


def by_text(values: Iterable[object]) -> Labels:
    """Raises NotClosed for what is no label, and TypeError for what JSON cannot say."""
    labels: dict[str, Label] = {}
    for value in values:
        if not isinstance(value, str | int | None):
            raise NotClosed
        labels[canonical_json(value)] = value
    return labels


def union(parts: Iterable[Labels], *, disjoint: bool) -> Labels:
    """What any of these allows. Raises NotClosed where they should be disjoint and are not."""
    labels: dict[str, Label] = {}
    for part in parts:
        if disjoint and part.keys() & labels.keys():
            raise NotClosed  # oneOf refuses what two of its parts allow
        labels |= part
    return labels


def narrowed(sets: list[Labels], types: set[object] | None) -> Labels:
    """What all sets and the type allow together. Raises NotClosed where that is nothing."""
    first, *others = sets
    kept = {
        text: label
        for text, label in first.items()
        if (types is None or types & _TYPES[type(label)]) and all(text in other for other in others)
    }
    if not kept:
        raise NotClosed
    return kept


def labels_of_types(node: Node) -> Labels:
    """All values of the node's types. Raises NotClosed where they are not few."""
    values: list[object] = []
    for name in types_of(node) or ():
        if name == "boolean":
            values += [True, False]
        elif name == "null":
            values.append(None)
        elif name == "integer":
            values += _whole_numbers(node)
        else:
            raise NotClosed
    return by_text(values)


def type_of(value: object) -> str:
    """The JSON type of a value.

    >>> [type_of(value) for value in ("a", True, 1, 0.5, None, [])]
    ['string', 'boolean', 'integer', 'number', 'null', 'array']
    """
    return next(name for kind, name in _NAMES.items() if isinstance(value, kind))


def _whole_numbers(node: Node) -> range:
    low = _tightest(node, "minimum", "exclusiveMinimum", 1)
    high = _tightest(node, "maximum", "exclusiveMaximum", -1)
    if not 0 <= high - low < MAX_RANGE:
        raise NotClosed
    return range(low, high + 1)


def _tightest(node: Node, inclusive: str, exclusive: str, step: int) -> int:
    """The bound that counts; `step` leads from an exclusive bound into the range."""
    bounds = []
    for keyword, inward in ((inclusive, 0), (exclusive, step)):
        bound = node.get(keyword)
        if bound is not None and type(bound) is not int:
            raise NotClosed
        if type(bound) is int:
            bounds.append(bound + inward)
    if not bounds:
        raise NotClosed
    return max(bounds) if step > 0 else min(bounds)
