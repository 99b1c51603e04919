"""Answers between a teacher's text and label indices. Knows contracts and the ways to write JSON, and no transport."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import orjson

from shadowbert.domain.contract import Answer, Contract, Field, Label, Path
from shadowbert.domain.manner import Manner
from shadowbert.recognition.schema import Branch, read_schema
from shadowbert.wire.tolerant import parse_object

Shape = dict[str, "int | Shape"]
"""An answer's object: a field's index or a nested object by property name."""

_FENCED = re.compile(r"\A(?P<before>[^{]*?```(?:json|JSON)?\s*)(?P<json>\{.*\})(?P<after>\s*```\s*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an answer's text: the label of a field, or what stands between labels."""

    text: str
    field: int | None = None


PLAIN = Manner()


def text_of(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def write_answer(
    schema: Mapping[str, object], contract: Contract, answer: Answer, manner: Manner = PLAIN
) -> list[Piece] | None:
    """JSON in the schema's own property order. `schema` is one that reads as `contract`; where the whole text is the
    label there is none. None where a field says "something else": that can only be said by the teacher.
    """
    if any(field.other == index for field, index in zip(contract.fields, answer, strict=True)):
        return None
    if contract.bare:
        label = contract.fields[0].labels[answer[0]]
        return [Piece(str(label), 0)]
    tree = _tree(orjson.dumps(schema))
    chosen = {field.path: (i, field, answer[i]) for i, field in enumerate(contract.fields)}
    return _merged([Piece(manner.before), *_object(tree, (), chosen, manner), Piece(manner.after)])


def read_answer(contract: Contract, text: str) -> Answer | None:
    """None where the text is not exactly one of the contract's answers: extra keys, other types, True for 1."""
    if contract.bare:
        index = _known(contract.fields[0], text.strip())
        return None if index is None else (index,)
    indices = _indices(contract, _shape(contract), parse_object(text))
    return None if indices is None else tuple(indices[i] for i in range(len(contract.fields)))


def unfenced(text: str) -> str:
    """The JSON object inside a code fence, where the text is one; else the text."""
    if text[:1] == "{" or "```" not in text:
        return text
    found = _FENCED.match(text)
    return found["json"] if found else text


def manner_of(text: str, finish_reason: str | None) -> Manner:
    """How this answer is written.

    >>> manner_of('{"a": "b"}', "stop")
    Manner(finish_reason='stop', spaced=True, escaped=False, before='', after='')
    """
    found = _FENCED.match(text) if text[:1] != "{" else None
    core, before, after = found.group("json", "before", "after") if found else (text, "", "")
    parsed = parse_object(core)
    if parsed is None:
        return Manner(finish_reason)
    for spaced, escaped in product((False, True), repeat=2):
        separators = (", ", ": ") if spaced else (",", ":")
        if json.dumps(parsed, ensure_ascii=escaped, separators=separators) == core:
            return Manner(finish_reason, spaced, escaped, before, after)
    return Manner(finish_reason, before=before, after=after)


@lru_cache(maxsize=512)
def _tree(schema: bytes) -> Branch:
    """Tasks send the same few schemas again and again."""
    return read_schema(orjson.loads(schema))


def _object(
    branch: Branch, path: Path, chosen: Mapping[Path, tuple[int, Field, int]], manner: Manner
) -> Iterator[Piece]:
    comma, colon = (", ", ": ") if manner.spaced else (",", ":")
    start = "{"
    for name, _, node in branch.properties:
        here = (*path, name)
        if isinstance(node, Branch):
            yield Piece(f"{start}{_json(name, manner)}{colon}")
            yield from _object(node, here, chosen, manner)
        else:
            i, field, index = chosen[here]
            if index >= len(field.labels):
                continue  # left out
            yield Piece(f"{start}{_json(name, manner)}{colon}")
            yield from _label(field.labels[index], i, manner)
        start = comma
    yield Piece("}" if start == comma else "{}")


def _label(label: Label, field: int, manner: Manner) -> Iterator[Piece]:
    """A text's quotes belong to the JSON, not to the label."""
    written = _json(label, manner)
    if isinstance(label, str):
        yield from (Piece('"'), Piece(written[1:-1], field), Piece('"'))
    else:
        yield Piece(written, field)


def _json(value: Label, manner: Manner) -> str:
    return json.dumps(value, ensure_ascii=manner.escaped)


def _merged(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbours between two labels are one piece."""
    merged: list[Piece] = []
    for piece in pieces:
        if merged and piece.field is None and merged[-1].field is None:
            merged[-1] = Piece(merged[-1].text + piece.text)
        elif piece.text or piece.field is not None:
            merged.append(piece)
    return merged


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
    return _known(field, label)


def _known(field: Field, label: object) -> int | None:
    """The label's index; what an open field has not seen yet is something else."""
    index = field.index(label) if isinstance(label, str | int | None) else None
    return field.other if index is None else index
