"""Answers between a teacher's text and label indices. Knows contracts and the ways to write JSON, and no transport."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import product
from types import MappingProxyType

import orjson

from shadowbert.domain.contract import Answer, Contract, Fills
from shadowbert.domain.manner import Manner
from shadowbert.recognition.framed import framed, unframed
from shadowbert.recognition.reading import indices
from shadowbert.recognition.schema import read_schema
from shadowbert.recognition.tree import Branch, Variants
from shadowbert.recognition.validate import valid
from shadowbert.recognition.writing import Piece, Unsayable, merged, pieces, spelled
from shadowbert.wire.tolerant import parse_object

__all__ = ["PLAIN", "Piece", "manner_of", "read_answer", "spelled", "text_of", "unfenced", "write_answer"]

NOTHING: Fills = MappingProxyType({})

_FENCED = re.compile(r"\A[^{]*?```(?:json|JSON)?\s*(?P<json>\{.*\})\s*```\s*\Z", re.DOTALL)
_FRAMED = re.compile(
    r"\A(?P<before>\s*(?:```(?:json|JSON)?\s*)?)(?P<json>\{.*\})(?P<after>\s*(?:```\s*)?)\Z", re.DOTALL
)
LAYOUTS = (Manner(), Manner(spaced=True), Manner(indent=2), Manner(indent=4))


PLAIN = Manner()


def text_of(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def write_answer(
    schema: Mapping[str, object],
    contract: Contract,
    answer: Answer,
    manner: Manner = PLAIN,
    *,
    fills: Fills = NOTHING,
) -> list[Piece] | None:
    """JSON in the schema's own property order. `schema` is one that reads as `contract`; where the whole text is the
    label there is none. None where a field says "something else", which only the teacher can say, where the fields
    contradict each other, and where nobody has filled in what is not learnable.
    """
    if contract.strays(answer):
        return None
    if contract.bare:
        label = contract.fields[0].labels[answer[0]]
        return merged([Piece(manner.before), Piece(str(label), 0), Piece(manner.after)])
    if contract.frame is not None:
        return merged([Piece(manner.before), *framed(contract.frame, contract.fields, answer), Piece(manner.after)])
    chosen = {field.path: (i, field, answer[i]) for i, field in enumerate(contract.fields)}
    try:
        written = pieces(_tree(orjson.dumps(schema)), chosen, fills, manner)
    except Unsayable:
        return None
    return merged([Piece(manner.before), *written, Piece(manner.after)])


def read_answer(schema: Mapping[str, object], contract: Contract, text: str) -> Answer | None:
    """None where the text is not exactly one of the contract's answers: extra keys, other types, True for 1.

    What is not learnable is not read; it must be what the schema allows.
    """
    if contract.bare:
        index = contract.fields[0].index(text.strip())
        found = contract.fields[0].other if index is None else index
        return None if found is None else (found,)
    if contract.frame is not None:
        return unframed(contract.frame, contract.fields, text)
    said = indices(_tree(orjson.dumps(schema)), contract.fields, parse_object(text))
    if said is None or (contract.unlearnable and not valid(schema, text)):
        return None
    return tuple(said.get(field.path, len(field.labels)) for field in contract.fields)


def unfenced(text: str) -> str:
    """The JSON object inside a code fence, where the text is one; else the text."""
    if text[:1] == "{" or "```" not in text:
        return text
    found = _FENCED.match(text)
    return found["json"] if found else text


def manner_of(contract: Contract, text: str, finish_reason: str | None) -> Manner | None:
    """How this answer is written, where it can be written again; None where it says more than the answer.

    What is kept of it will be said to other callers: only white space and a code fence may stand around it.
    """
    if contract.worded:
        said = text.strip()
        before, _, after = text.partition(said) if said else ("", "", "")
        return Manner(finish_reason, before=before, after=after) if _as_framed(contract, said) else None
    found = _FRAMED.match(text)
    parsed = parse_object(found["json"]) if found else None
    if found is None or parsed is None:
        return None
    for layout, escaped in product(LAYOUTS, (False, True)):
        manner = replace(layout, finish_reason=finish_reason, escaped=escaped)
        separators = (",", ": ") if manner.indent else (", ", ": ") if manner.spaced else (",", ":")
        written = json.dumps(parsed, ensure_ascii=escaped, separators=separators, indent=manner.indent)
        if written == found["json"]:
            return replace(manner, before=found["before"], after=found["after"])
    return None


def _as_framed(contract: Contract, text: str) -> bool:
    """Whether it is written as its frame is, if there is one."""
    answer = None if contract.frame is None else read_answer({}, contract, text)
    if contract.frame is None or answer is None:
        return contract.frame is None
    written = write_answer({}, contract, answer)
    return written is not None and text_of(written) == text


@lru_cache(maxsize=512)
def _tree(schema: bytes) -> Branch | Variants:
    """Tasks send the same few schemas again and again."""
    return read_schema(orjson.loads(schema))
