"""The canonical closed-set output of a call: which fields an answer has and which labels each may take.

The same output asked for through another library, transport or property order is the same contract.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Label = str | int | bool | None
"""A JSON scalar that an answer may hold."""

Answer = tuple[int, ...]
"""One label index a field, in the contract's field order; after the labels come "left out" and "something else"."""

Path = tuple[str, ...]


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
        return ".".join(self.path) or "answer"

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
class Contract:
    """Fields in canonical order (sorted by path) and a prefixed hash that names them."""

    fields: tuple[Field, ...]
    hash: str

    @property
    def bare(self) -> bool:
        """The whole text of an answer is one label."""
        return len(self.fields) == 1 and not self.fields[0].path

    @property
    def inferred(self) -> bool:
        """Read off the teacher's answers; nobody has stated it."""
        return any(field.open for field in self.fields)

    def describe(self, answer: Sequence[int]) -> dict[str, str]:
        """Field name to label, for people."""
        return {field.name: field.label(index) for field, index in zip(self.fields, answer, strict=True)}

    def to_json(self) -> dict[str, object]:
        return {
            "hash": self.hash,
            "fields": [
                {"path": list(f.path), "labels": list(f.labels), "required": f.required}
                | ({"open": True} if f.open else {})
                for f in self.fields
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Contract":
        return cls(
            fields=tuple(
                Field(tuple(f["path"]), tuple(f["labels"]), f["required"], f.get("open", False)) for f in data["fields"]
            ),
            hash=str(data["hash"]),
        )
