"""The canonical contract of a schema, and answers between JSON text and label indices.

Titles, descriptions, names of definitions, property order and ways to spell "or null" make no difference to a contract.
Knows nothing of prompts or transports.
"""

from collections.abc import Mapping
from functools import lru_cache

import orjson

from shadowbert.domain.contract import Answer, Contract, Field, Label, Path
from shadowbert.recognition.fingerprint import canonical_json, digest
from shadowbert.recognition.schema import Branch, NotClosed, read_schema
from shadowbert.wire.tolerant import parse_object

Shape = dict[str, "int | Shape"]
"""An answer's object: a field's index or a nested object by property name."""


def read_contract(schema: Mapping[str, object]) -> Contract | None:
    """None where the schema is not a closed set, or leaves nothing to choose; never raises.

    >>> read_contract({"properties": {"spam": {"type": "boolean"}}, "required": ["spam"]}).fields
    (Field(path=('spam',), labels=(False, True), required=True),)
    """
    try:
        leaves = list(read_schema(schema).leaves())
    except (NotClosed, TypeError):  # a label that JSON cannot say: a lone surrogate, an integer over 64 bits
        return None
    fields = tuple(sorted((_field(path, required, leaf.labels) for path, required, leaf in leaves), key=_path))
    names = {field.name for field in fields}
    if len(names) < len(fields) or all(field.classes == 1 for field in fields):
        return None
    return Contract(fields, _hash(fields))


def write_answer(schema: Mapping[str, object], contract: Contract, answer: Answer) -> str:
    """Compact JSON in the schema's own property order. `schema` is one that reads as `contract`."""
    chosen = dict(zip(map(_path, contract.fields), zip(contract.fields, answer, strict=True), strict=True))
    return orjson.dumps(_fill(_tree(orjson.dumps(schema)), (), chosen)).decode()


def read_answer(contract: Contract, text: str) -> Answer | None:
    """None where the text is not exactly one of the contract's answers: extra keys, other types, True for 1."""
    indices = _indices(contract, _shape(contract), parse_object(text))
    return None if indices is None else tuple(indices[i] for i in range(len(contract.fields)))


@lru_cache(maxsize=512)
def _tree(schema: bytes) -> Branch:
    """Tasks send the same few schemas again and again."""
    return read_schema(orjson.loads(schema))


def _field(path: Path, required: bool, labels: Mapping[str, Label]) -> Field:  # noqa: FBT001 - two of three are data
    return Field(path, tuple(labels[text] for text in sorted(labels)), required)


def _path(field: Field) -> Path:
    return field.path


def _hash(fields: tuple[Field, ...]) -> str:
    return "c1:" + digest(canonical_json([[field.path, field.labels, field.required] for field in fields]))


def _fill(branch: Branch, path: Path, chosen: Mapping[Path, tuple[Field, int]]) -> dict[str, object]:
    filled: dict[str, object] = {}
    for name, _, node in branch.properties:
        if isinstance(node, Branch):
            filled[name] = _fill(node, (*path, name), chosen)
            continue
        field, index = chosen[(*path, name)]
        if index < len(field.labels):
            filled[name] = field.labels[index]
    return filled


def _shape(contract: Contract) -> Shape:
    shape: Shape = {}
    for i, field in enumerate(contract.fields):
        inner = shape
        for name in field.path[:-1]:
            nested = inner.setdefault(name, {})
            assert isinstance(nested, dict)  # noqa: S101 - a path is a leaf or a way to leaves, never both
            inner = nested
        inner[field.path[-1]] = i
    return shape


def _indices(contract: Contract, shape: Shape, value: object) -> dict[int, int] | None:
    """The label index by field index, of one object of the answer."""
    if not isinstance(value, dict) or not value.keys() <= shape.keys():
        return None
    indices: dict[int, int] = {}
    for name, part in shape.items():
        if isinstance(part, dict):
            found = _indices(contract, part, value.get(name))
        else:
            index = _index(contract.fields[part], value, name)
            found = None if index is None else {part: index}
        if found is None:
            return None
        indices |= found
    return indices


def _index(field: Field, value: dict[str, object], name: str) -> int | None:
    if name not in value:
        return None if field.required else len(field.labels)
    label = value[name]
    return field.index(label) if isinstance(label, str | int | None) else None
