"""A contract that nobody states, read off the teacher's answers: one word, labels in a frame, or JSON of one shape.

What is found are the labels seen so far; every field stays open for something else. Knows nothing of prompts.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shadowbert.domain.contract import Contract, Field, Frame, Label
from shadowbert.recognition.answer import unfenced
from shadowbert.recognition.contract import read_contract
from shadowbert.recognition.fingerprint import canonical_json, digest
from shadowbert.recognition.framed import frame_of, may_be_framed, names_of, rows_of
from shadowbert.recognition.schema import MAX_DEPTH
from shadowbert.wire.tolerant import parse_object

LEAST = 20
"""Answers: in fewer, a set that looks closed is luck."""
MAX_LABELS = 100
SETTLED = 0.95
"""Share of the answers that must be of the shape, and whose labels must have been seen twice."""
LONGEST = 80
"""Characters of a label; what is longer is prose."""

Schema = dict[str, object]


@dataclass(frozen=True, slots=True)
class Inferred:
    """`schema` describes the answers seen, in the teacher's own property order; None where the text is the label."""

    contract: Contract
    schema: Schema | None


def infer(texts: Sequence[str]) -> Inferred | None:
    """The contract of these answers; None where they are prose, or their values do not repeat.

    >>> infer(["spam", "ham"] * 10).contract.fields[0].labels
    ('ham', 'spam')
    """
    if len(texts) < LEAST:
        return None
    objects = [parsed for text in texts if (parsed := parse_object(unfenced(text))) is not None]
    if objects:
        return _of_objects(objects, len(texts))
    words, frame = _of_words([text.strip() for text in texts]), _of_frame(texts)
    # Few fields with few labels make few answers in all: where lines are marked, they are read by their marks.
    marked = sum(map(may_be_framed, texts)) >= SETTLED * len(texts)
    return frame if words is None or (frame is not None and marked) else words


def may_be_closed(text: str) -> bool:
    """Whether an answer may be one of a few: an object, no longer than a label, or labels in a frame.

    >>> may_be_closed("spam"), may_be_closed("Thank you for asking. " * 9)
    (True, False)
    """
    return len(text.strip()) <= LONGEST or parse_object(unfenced(text)) is not None or may_be_framed(text)


def _of_words(texts: list[str]) -> Inferred | None:
    labels = _settled(texts, len(texts))
    if labels is None or len(labels) < 2:
        return None
    field = Field((), tuple(sorted(labels, key=canonical_json)), open=True)
    return Inferred(_contract((field,)), None)


def _of_frame(texts: Sequence[str]) -> Inferred | None:
    """White space at the ends belongs to the way of writing."""
    statics = frame_of(texts)
    rows = rows_of(statics, texts) if statics else []
    if statics is None or len(rows) < SETTLED * len(texts):
        return None
    columns = [_settled(column, len(rows)) for column in zip(*rows, strict=True)]
    labels = [tuple(sorted(column, key=canonical_json)) for column in columns if column]
    if len(labels) < len(columns) or max(map(len, labels)) < 2:
        return None
    found = [Field((name,), said, open=True) for name, said in zip(names_of(statics), labels, strict=True)]
    fields = tuple(sorted(found, key=lambda field: field.path))
    frame = Frame((statics[0].lstrip(), *statics[1:-1], statics[-1].rstrip()), tuple(map(fields.index, found)))
    return Inferred(replace(_contract(fields, frame.statics), frame=frame), None)


def _of_objects(objects: list[dict[str, object]], answers: int) -> Inferred | None:
    schema = _schema(objects, answers, MAX_DEPTH)
    stated = read_contract(schema) if schema is not None else None
    if schema is None or stated is None:
        return None
    return Inferred(_contract(tuple(replace(field, open=True) for field in stated.fields)), schema)


def _schema(objects: list[dict[str, object]], answers: int, depth: int) -> Schema | None:
    """The schema that fits nearly all answers; property order is that of most of them."""
    if not objects or not depth:
        return None
    (names, _), *_ = Counter(tuple(answer) for answer in objects).most_common(1)
    alike = [answer for answer in objects if answer.keys() == set(names)]
    if not names or len(alike) < SETTLED * answers:
        return None
    properties: Schema = {}
    for name in names:
        node = _node([answer[name] for answer in alike], depth - 1)
        if node is None:
            return None
        properties[name] = node
    return {"type": "object", "properties": properties, "required": list(names), "additionalProperties": False}


def _node(values: list[object], depth: int) -> Schema | None:
    if all(isinstance(value, dict) for value in values):
        return _schema([value for value in values if isinstance(value, dict)], len(values), depth)
    labels = _settled(values, len(values))
    return None if labels is None else {"enum": labels}


def _settled(values: Sequence[object], answers: int) -> list[Label] | None:
    """The labels seen at least twice, where they are few and nearly everything said."""
    if not all(isinstance(value, str | int | None) for value in values):
        return None
    seen = Counter(map(canonical_json, values))
    often = {text: n for text, n in seen.items() if n > 1}
    if not often or len(often) > min(MAX_LABELS, answers // 4) or sum(often.values()) < SETTLED * answers:
        return None
    if any(len(text) > LONGEST for text in often):
        return None
    by_text: Mapping[str, Label] = {canonical_json(v): v for v in values if isinstance(v, str | int | None)}
    return [by_text[text] for text in sorted(often)]


def _contract(fields: tuple[Field, ...], *said: tuple[str, ...]) -> Contract:
    """`said`: what else the answers have in common."""
    return Contract(fields, "i1:" + digest(canonical_json([*([field.path, field.labels] for field in fields), *said])))
