"""Names the instructions inside a schema: its descriptions and examples, which the teacher reads as part of the prompt.

Knows nothing of labels; which answers a schema allows is the contract's.
"""

from collections.abc import Iterator, Mapping

from shadowbert.recognition.fingerprint import canonical_json, digest
from shadowbert.recognition.labels import NotClosed
from shadowbert.recognition.schema import ANNOTATIONS, COMBINATIONS, MAX_DEPTH, MAX_WORK, resolve

NOTES = ("description", "example", "examples")

_ASIDE = ANNOTATIONS | COMBINATIONS | {"$ref", "const", "properties", "required", "additionalProperties", "items"}

Path = tuple[object, ...]
"""Property names, 0 for a list's items; and of a union's part, what it allows."""


def wording_of(schema: Mapping[str, object], description: str) -> str:
    """Empty where nothing is said; never raises on a schema that has a `schema_key`, which bounds its nesting.

    `description` is what stands beside the schema, as if at its root.

    Titles, names of definitions, property order and whether a note is repeated in the same place make no difference.
    A schema too large to be walked is named by its exact text.

    >>> wording_of({"properties": {"spam": {"type": "boolean", "title": "Spam"}}}, "")
    ''
    >>> wording_of({}, "Is it spam?") == wording_of({"description": "Is it spam?"}, "")
    True
    """
    try:
        notes = {canonical_json(note) for note in _Walk(schema).notes({"description": description}, (), 0)}
        notes |= {canonical_json(note) for note in _Walk(schema).notes(schema, (), 0)}
        said = "\n".join(sorted(notes))
    except (NotClosed, TypeError):  # out of bounds, or what JSON cannot say
        said = repr((description, schema))
    return "w1:" + digest(said) if said else ""


class _Walk:
    """One walk over one schema, within bounds; definitions are visited where they are referred to."""

    def __init__(self, root: Mapping[str, object]) -> None:
        self._root = root
        self._work = MAX_WORK

    def notes(self, node: object, path: Path, depth: int) -> Iterator[tuple[Path, str, object]]:
        self._pay(depth)
        if not isinstance(node, Mapping):
            return
        yield from ((path, keyword, node[keyword]) for keyword in NOTES if node.get(keyword) not in (None, "", []))
        for name, child in _children(node):
            yield from self.notes(child, (*path, name), depth + 1)
        parts = self._parts(node)
        several = sum(not _is_null(part) for part in parts) > 1
        for part in parts:
            step = (sorted(self._allowed(part, depth + 1)),) if several else ()
            yield from self.notes(part, (*path, *step), depth + 1)

    def _allowed(self, node: object, depth: int) -> Iterator[str]:
        """Tells the parts of a union apart, in whatever order they come: two that swap their notes are worded anew."""
        self._pay(depth)
        if isinstance(node, Mapping):
            yield canonical_json(_told(node))
            for name, child in _children(node):
                yield from (f"{name} {text}" for text in self._allowed(child, depth + 1))
            for part in self._parts(node):
                yield from self._allowed(part, depth + 1)

    def _parts(self, node: Mapping[str, object]) -> list[object]:
        """What a node refers to and combines."""
        parts = [resolve(self._root, node["$ref"])] if "$ref" in node else []
        for keyword in sorted(COMBINATIONS & node.keys()):
            combined = node[keyword]
            parts += combined if isinstance(combined, list) else []
        return parts

    def _pay(self, depth: int) -> None:
        self._work -= 1
        if depth > MAX_DEPTH or self._work < 0:
            raise NotClosed


def _children(node: Mapping[str, object]) -> Iterator[tuple[object, object]]:
    """What stands inside an object or a list."""
    properties = node.get("properties")
    yield from properties.items() if isinstance(properties, Mapping) else ()
    if isinstance(node.get("items"), Mapping):
        yield 0, node["items"]


def _told(node: Mapping[str, object]) -> dict[str, object]:
    """What a node's own keywords allow, however libraries write it; what stands inside it aside."""
    told = {keyword: value for keyword, value in node.items() if keyword not in _ASIDE}
    if "const" in node or isinstance(node.get("enum"), list):
        told |= {"enum": sorted(map(canonical_json, _values(node)))}
    if "enum" in told or node.keys() & {"properties", "items"}:
        told.pop("type", None)
    return told


def _values(node: Mapping[str, object]) -> list[object]:
    named = node.get("enum")
    return named if isinstance(named, list) else [node.get("const")]


def _is_null(node: object) -> bool:
    if not isinstance(node, Mapping):
        return False
    return node.get("type") == "null" or (bool(node.keys() & {"const", "enum"}) and _values(node) == [None])
