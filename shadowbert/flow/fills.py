"""What an operator may put in the place of what no student can say. Knows no schema; that has the last word."""

import json

from shadowbert.domain.contract import Contract, Fill, Fills, Unlearnable
from shadowbert.domain.records import VersionRow
from shadowbert.errors import OperatorError
from shadowbert.recognition.labels import type_of

VALUE_SHOWN = 200


def fill_of(*, value: str | None, omit: bool, llm: bool) -> Fill | None:
    """What an operator asks for; `value` is JSON text. Raises OperatorError unless it is one thing."""
    if (value is not None) + omit + llm != 1:
        raise OperatorError("a field is filled with a value, left out or left to the LLM: say one of the three")
    if value is None:
        return Fill(omitted=True) if omit else None
    return Fill(read_value(value))


def read_value(text: str) -> object:
    """What an operator wrote down as JSON. Raises OperatorError where it is none."""
    try:
        value: object = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()  # half a character would be kept nowhere
    except (ValueError, RecursionError):
        shown = text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]}..."
        raise OperatorError(f"a value is JSON, where a text stands in double quotes; this is none: {shown}") from None
    return value


def check_fill(part: Unlearnable, fill: Fill | None) -> None:
    """Raises OperatorError for what no call of this contract could be answered with."""
    if fill is None:
        return
    if fill.omitted:
        if part.required:
            raise OperatorError(f"every answer must have `{part.name}`: it cannot be left out")
        return
    try:
        written = json.dumps(fill.value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise OperatorError("JSON has no such number") from None
    kind = type_of(fill.value)
    fitting = {kind, "number"} if kind == "integer" else {kind}
    if part.types and fitting.isdisjoint(part.types):
        raise OperatorError(f"`{part.name}` is {part.why}: {written} would be no answer")


def described(fill: Fill | None) -> str:
    """A filling in words.

    >>> described(Fill("n/a")), described(Fill(omitted=True)), described(None)
    ('filled with "n/a"', 'left out', 'left to the LLM')
    """
    if fill is None:
        return "left to the LLM"
    return "left out" if fill.omitted else f"filled with {json.dumps(fill.value, ensure_ascii=False)}"


def taken_over(contract: Contract, sibling: VersionRow) -> Fills:
    """What operators have put into another version of the task, for parts of the same name and types: it is the task's
    policy. A part that must be there now is not left out.
    """
    theirs = {part.name: part.types for part in sibling.contract.unlearnable}
    mine = [part for part in contract.unlearnable if theirs.get(part.name) == part.types]
    return {part.name: sibling.fills[part.name] for part in mine if part.name in sibling.fills and _fits(part, sibling)}


def _fits(part: Unlearnable, sibling: VersionRow) -> bool:
    try:
        check_fill(part, sibling.fills[part.name])
    except OperatorError:
        return False
    return True
