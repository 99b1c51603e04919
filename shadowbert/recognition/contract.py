"""The canonical contract of a schema.

Titles, descriptions, names of definitions, property order and ways to spell "or null" make no difference to a contract.
Knows nothing of prompts or transports.
"""

from collections.abc import Mapping

from shadowbert.domain.contract import Contract, Field, Label, Path
from shadowbert.recognition.fingerprint import canonical_json, digest
from shadowbert.recognition.schema import NotClosed, read_schema


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


def _field(path: Path, required: bool, labels: Mapping[str, Label]) -> Field:  # noqa: FBT001 - two of three are data
    return Field(path, tuple(labels[text] for text in sorted(labels)), required)


def _path(field: Field) -> Path:
    return field.path


def _hash(fields: tuple[Field, ...]) -> str:
    return "c1:" + digest(canonical_json([[field.path, field.labels, field.required] for field in fields]))
