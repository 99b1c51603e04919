"""The canonical closed-set output of a call: which fields an answer has and which labels each may take.

The same output asked for through another library, transport or property order is the same contract.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

Label = str | int | bool | None
"""A JSON scalar that an answer may hold."""

Answer = tuple[int, ...]
"""One label index a field, in the contract's field order; after the labels come "left out" and "something else"."""

Path = tuple[str, ...]
"""Property names; and in square brackets a list's label, or the labels that choose one of several objects."""

OBJECT, LIST = "{...}", "[...]"
"""What a field says where the answer holds an object or a list that might not stand there."""


def spelled_path(path: Path) -> str:
    """A path as people read and type it.

    >>> spelled_path(("tags", "[urgent]")), spelled_path(("result", "[bug|crash]", "part"))
    ('tags[urgent]', 'result[bug|crash].part')
    """
    return "".join(step if step.startswith("[") else f".{step}" for step in path).removeprefix(".") or "answer"


@dataclass(frozen=True, slots=True)
class Field:
    """One leaf of the output. Labels are in canonical order (sorted by their JSON text)."""

    path: Path
    labels: tuple[Label, ...]
    required: bool = True
    open: bool = False
    """The labels are those seen so far: nobody has said that there are no others."""

    @property
    def name(self) -> str:
        return spelled_path(self.path)

    @property
    def output(self) -> Path:
        """Where in the answer it is said; the labels of one list are said in one place."""
        return tuple(step for step in self.path if not step.startswith("["))

    @property
    def classes(self) -> int:
        """How many outcomes a student must tell apart: labels, "left out" and "something else"."""
        return len(self.labels) + (not self.required) + self.open

    @property
    def other(self) -> int | None:
        """The index of "something else": what a teacher may say and a student never does."""
        return self.classes - 1 if self.open else None

    def index(self, label: Label) -> int | None:
        """The label's index; True is not 1 and 1 is not True. None when it is not in the set."""
        for i, known in enumerate(self.labels):
            if known == label and isinstance(known, bool) == isinstance(label, bool):
                return i
        return None

    def label(self, index: int) -> str:
        """The label as people read it."""
        if index >= len(self.labels):
            return "(something else)" if index == self.other else "(left out)"
        value = self.labels[index]
        return value if isinstance(value, str) else json.dumps(value)


@dataclass(frozen=True, slots=True)
class Unlearnable:
    """A part of the output that is no choice between labels: no student says it."""

    path: Path
    required: bool
    types: tuple[str, ...]
    """JSON types of what may stand there, sorted; empty where anything may."""

    @property
    def name(self) -> str:
        return spelled_path(self.path)

    @property
    def why(self) -> str:
        """What it is, in words.

        >>> Unlearnable(("reason",), True, ("null", "string")).why
        'nothing or text'
        """
        return " or ".join(_TYPES.get(name, name) for name in self.types) or "anything"


_TYPES = MappingProxyType(
    {
        "array": "a list",
        "boolean": "yes or no",
        "integer": "a whole number",
        "null": "nothing",
        "number": "a number",
        "object": "an object",
        "string": "text",
    }
)


@dataclass(frozen=True, slots=True)
class Fill:
    """What an operator has put in the place of an unlearnable field: a constant, or nothing at all."""

    value: object = None
    """Any JSON value."""
    omitted: bool = False

    def to_json(self) -> dict[str, object]:
        return {"omit": True} if self.omitted else {"value": self.value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Fill":
        return cls(data.get("value"), omitted=bool(data.get("omit")))


Fills = Mapping[str, Fill]
"""By the unlearnable field's name; what is not named is the LLM's to say."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The constant text of answers that are no JSON: statics[0] label statics[1] label ... statics[-1]."""

    statics: tuple[str, ...]
    fields: tuple[int, ...]
    """Whose label stands in each hole, by the field's number."""


@dataclass(frozen=True, slots=True)
class Contract:
    """Fields in canonical order (sorted by path) and a prefixed hash that names them."""

    fields: tuple[Field, ...]
    hash: str
    unlearnable: tuple[Unlearnable, ...] = ()
    frame: Frame | None = None
    """Where the answers are labels in a text that is always the same."""

    @property
    def worded(self) -> bool:
        """Answers are text and no JSON."""
        return self.bare or self.frame is not None

    @property
    def bare(self) -> bool:
        """The whole text of an answer is one label."""
        return len(self.fields) == 1 and not self.fields[0].path

    @property
    def inferred(self) -> bool:
        """Read off the teacher's answers; nobody has stated it."""
        return self.hash.startswith("i1:")

    def opened(self) -> "Contract":
        """The same where the teacher is free to answer something else altogether: it may call a tool or not."""
        fields = tuple(replace(field, open=True) for field in self.fields)
        return replace(self, fields=fields, hash=f"o1:{self.hash.partition(':')[2]}")

    def strays(self, answer: Sequence[int]) -> bool:
        """Whether an answer says something else anywhere."""
        return any(index == field.other for field, index in zip(self.fields, answer, strict=True))

    @property
    def plain(self) -> bool:
        """Each field is one label that stands in the answer, and there is nothing else in it."""
        return not self.unlearnable and all(
            field.path == field.output and OBJECT not in field.labels and LIST not in field.labels
            for field in self.fields
        )

    def unfilled(self, fills: Fills) -> tuple[Unlearnable, ...]:
        """What an answer holds that nobody but the LLM can say."""
        return tuple(part for part in self.unlearnable if part.name not in fills)

    def describe(self, answer: Sequence[int]) -> dict[str, str]:
        """Field name to label, for people."""
        return {field.name: field.label(index) for field, index in zip(self.fields, answer, strict=True)}

    def to_json(self) -> dict[str, object]:
        fields = [
            {"path": list(f.path), "labels": list(f.labels), "required": f.required}
            | ({"open": True} if f.open else {})
            for f in self.fields
        ]
        free = [{"path": list(u.path), "required": u.required, "types": list(u.types)} for u in self.unlearnable]
        framed = {"frame": [list(self.frame.statics), list(self.frame.fields)]} if self.frame else {}
        return {"hash": self.hash, "fields": fields, **({"unlearnable": free} if free else {}), **framed}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Contract":
        return cls(
            fields=tuple(
                Field(tuple(f["path"]), tuple(f["labels"]), f["required"], f.get("open", False)) for f in data["fields"]
            ),
            hash=str(data["hash"]),
            unlearnable=tuple(
                Unlearnable(tuple(u["path"]), u["required"], tuple(u["types"])) for u in data.get("unlearnable", ())
            ),
            frame=Frame(*map(tuple, data["frame"])) if "frame" in data else None,
        )
