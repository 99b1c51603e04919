"""The same closed set in many spellings of JSON schema, as client libraries write them."""

from collections.abc import Mapping
from urllib.parse import quote

from hypothesis import strategies as st

from shadowbert.domain.contract import Label

Tree = Mapping[str, "list[Label] | Tree"]
"""Property name to its labels, or to a nested object."""

TOKENS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="."), min_size=1, max_size=6)
LABELS = st.lists(
    TOKENS | st.integers(-5, 5) | st.booleans() | st.none(), min_size=1, max_size=5, unique_by=lambda x: (type(x), x)
)


def trees() -> st.SearchStrategy[Tree]:
    """Trees with at least one real choice."""
    nested = st.dictionaries(TOKENS, LABELS, min_size=1, max_size=3)
    trees = st.dictionaries(TOKENS, LABELS | nested, min_size=1, max_size=4)
    return trees.filter(lambda tree: any(len(labels) > 1 for labels in _leaves(tree)))


def _leaves(tree: Tree) -> list[list[Label]]:
    return [leaf for node in tree.values() for leaf in (_leaves(node) if isinstance(node, Mapping) else [node])]


@st.composite
def spelled(draw: st.DrawFn, tree: Tree) -> dict[str, object]:
    """A schema of the tree: any order, any definitions, any annotations, any way to write a set of labels."""
    definitions: dict[str, object] = {}
    root = _object(draw, tree, definitions)
    if draw(st.booleans()):
        root |= {"$schema": "http://json-schema.org/draft-07/schema#", "description": draw(TOKENS)}
    return root | {"$defs": definitions} if definitions else root


def _object(draw: st.DrawFn, tree: Tree, definitions: dict[str, object]) -> dict[str, object]:
    names = draw(st.permutations(list(tree)))
    properties = {name: _node(draw, tree[name], definitions) for name in names}
    node: dict[str, object] = {"properties": properties, "required": draw(st.permutations(names))}
    return node | draw(st.sampled_from([{"type": "object"}, {"type": "object", "additionalProperties": False}, {}]))


def _node(draw: st.DrawFn, node: "list[Label] | Tree", definitions: dict[str, object]) -> dict[str, object]:
    written = _object(draw, node, definitions) if isinstance(node, Mapping) else labels_spelled(draw, node)
    return wrapped(draw, written, definitions)


def wrapped(draw: st.DrawFn, written: dict[str, object], definitions: dict[str, object]) -> dict[str, object]:
    """As it is, or behind a title, a reference or a combination of one."""
    wrap = draw(st.sampled_from(["plain", "titled", "referred", "described", "anyOf", "allOf"]))
    if wrap == "titled":
        return {"title": draw(TOKENS), "description": draw(TOKENS), **written}
    if wrap in ("referred", "described"):
        name = f"{draw(TOKENS)}{len(definitions)}"
        definitions[name] = written
        reference = {"$ref": "#/$defs/" + quote(name.replace("~", "~0").replace("/", "~1"))}
        return reference if wrap == "referred" else {"description": draw(TOKENS), "anyOf": [reference]}
    return {wrap: [written]} if wrap in ("anyOf", "allOf") else written


def labels_spelled(draw: st.DrawFn, labels: list[Label]) -> dict[str, object]:
    """An enum, an enum beside null, a union of constants; a type where there is one."""
    labels = draw(st.permutations(labels))
    ways: list[dict[str, object]] = [{"enum": labels}, {"anyOf": [{"const": label} for label in labels]}]
    rest = [label for label in labels if label is not None]
    if None in labels and rest:
        ways.append({"anyOf": [{"enum": rest}, {"type": "null"}]})
        ways.append({"anyOf": [{"type": "null"}, _typed(rest)]})
    ways.append(_typed(labels))
    if set(map(repr, labels)) == {"True", "False"}:
        ways.append({"type": "boolean"})
    return draw(st.sampled_from(ways))


def _typed(labels: list[Label]) -> dict[str, object]:
    names = {str: "string", int: "integer", bool: "boolean", type(None): "null"}
    types = sorted({names[type(label)] for label in labels})
    return {"type": types[0] if len(types) == 1 else types, "enum": labels}
