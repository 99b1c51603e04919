"""The canonical contract of a schema: its tree taken apart into fields, and a name for the whole.

Titles, descriptions, names of definitions, property order and ways to spell "or null" make no difference to a contract.
Knows nothing of prompts or transports.
"""

from collections.abc import Iterator, Mapping

from shadowbert.domain.contract import LIST, OBJECT, Contract, Field, Path, Unlearnable
from shadowbert.recognition.fingerprint import canonical_json, digest
from shadowbert.recognition.labels import NotClosed
from shadowbert.recognition.schema import read_schema
from shadowbert.recognition.tree import Branch, Container, Either, Free, Labels, Leaf, Several, Tree, Variants, step_of

MAX_FIELDS = 100
"""Each becomes a head of the student, also each label of a list."""


def read_contract(schema: Mapping[str, object]) -> Contract | None:
    """None where the schema names no closed set, or leaves nothing to choose; never raises.

    >>> read_contract({"properties": {"spam": {"type": "boolean"}}, "required": ["spam"]}).fields
    (Field(path=('spam',), labels=(False, True), required=True, open=False),)
    """
    try:
        tree = read_schema(schema)
        parts = list(_held(tree, (), always=True))
        name = "c1:" + digest(canonical_json(_plain(tree, parts) or _canonical(tree)))
    except (NotClosed, TypeError):  # a label that JSON cannot say: a lone surrogate, an integer over 64 bits
        return None
    fields = tuple(sorted((part for part in parts if isinstance(part, Field)), key=_path))
    names = {part.name for part in parts}
    if len(names) < len(parts) or len(parts) > MAX_FIELDS or all(field.classes == 1 for field in fields):
        return None
    return Contract(fields, name, tuple(sorted((p for p in parts if isinstance(p, Unlearnable)), key=_path)))


def marker_of(tree: Container) -> str:
    """What a field says where the object or list stands that might not."""
    return LIST if isinstance(tree, Several) else OBJECT


Part = Field | Unlearnable


def _held(tree: Container, path: Path, *, always: bool) -> Iterator[Part]:
    """The parts of an object or list; `always` where there is no answer without it."""
    match tree:
        case Branch(properties):
            for name, required, node in properties:
                yield from _property(node, (*path, name), required=required, always=always)
        case Variants(by, parts):
            yield _field((*path, by), tree.labels, required=always)
            for labels, branch in parts:
                rest = Branch(tuple(one for one in branch.properties if one[0] != by))
                yield from _held(rest, (*path, step_of(labels)), always=False)
        case Several(labels):
            for text, label in labels.items():
                yield Field((*path, step_of({text: label})), (False, True), always)


def _property(node: Tree, path: Path, *, required: bool, always: bool) -> Iterator[Part]:
    """A field that is said only beside certain others may be left out; where nothing is to choose, there is none."""
    needed = required and always
    match node:
        case Free(types):
            yield Unlearnable(path, required, types)
        case Leaf(labels):
            if always or len(labels) > 1 or not required:
                yield _field(path, labels, required=needed)
        case Either(labels, tree):
            yield _field(path, _with_marker(labels, tree), required=needed)
            yield from _held(tree, path, always=False)
        case _:
            if not required:
                yield _field(path, _with_marker({}, node), required=False)
            yield from _held(node, path, always=needed)


def _with_marker(labels: Labels, tree: Container) -> Labels:
    marker = marker_of(tree)
    text = canonical_json(marker)
    if text in labels:
        raise NotClosed  # a label that reads like the marker
    return {**labels, text: marker}


def _field(path: Path, labels: Labels, *, required: bool) -> Field:
    return Field(path, tuple(labels[text] for text in sorted(labels)), required)


def _path(part: Part) -> Path:
    return part.path


def _plain(tree: Container, parts: list[Part]) -> list[object] | None:
    """The fields alone, where they say everything: objects that are always there, with one label at each end."""
    if not _is_plain(tree):
        return None
    fields = sorted((part for part in parts if isinstance(part, Field)), key=_path)
    return [[field.path, field.labels, field.required] for field in fields]


def _is_plain(tree: Tree) -> bool:
    if isinstance(tree, Branch):
        return all(isinstance(node, Leaf) or (required and _is_plain(node)) for _, required, node in tree.properties)
    return False


def _canonical(node: Tree) -> dict[str, object]:
    """The tree as JSON without an order of its own: equal for equal sets of answers, however they are spelled."""
    match node:
        case Leaf(labels):
            return {"labels": sorted(labels)}
        case Free(types):
            return {"free": types}
        case Several(labels, least, most, repeats):
            return {"list": sorted(labels), "least": least, "most": most, "repeats": repeats}
        case Branch(properties):
            return {"object": {name: [required, _canonical(child)] for name, required, child in properties}}
        case Variants(by, parts):
            return {
                "by": by,
                "one of": {canonical_json(sorted(labels)): _canonical(branch) for labels, branch in parts},
            }
        case Either(labels, tree):
            return {"labels": sorted(labels), "or": _canonical(tree)}
