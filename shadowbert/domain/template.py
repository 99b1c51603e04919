"""The constant skeleton of a task's prompt and the holes in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

SLOT_SEPARATOR = "\n[SEP]\n"
"""Stands between the slots of an input, and in none: a student reads it as BERT's mark between two texts."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt: its role and its text (the text parts joined by a line feed)."""

    role: str
    text: str


Prompt = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class ObjectShape:
    """A JSON object in a slot. Each key has its constant text, the shape of an object below it, or None: a slot."""

    parts: tuple[tuple[str, "str | ObjectShape | None"], ...]
    optional: tuple[str, ...] = ()
    """Keys that may be left out: their slots are empty then."""

    @property
    def slots(self) -> int:
        return sum(part.slots if isinstance(part, ObjectShape) else part is None for _, part in self.parts)

    def to_json(self) -> dict[str, object]:
        parts = [[key, part.to_json() if isinstance(part, ObjectShape) else part] for key, part in self.parts]
        return {"parts": parts, "optional": list(self.optional)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ObjectShape":
        parts = ((key, cls.from_json(part) if isinstance(part, Mapping) else part) for key, part in data["parts"])
        return cls(tuple(parts), tuple(data["optional"]))


@dataclass(frozen=True, slots=True)
class Stamp:
    """The slot holds a date, a time or an id, and nothing else."""


Holds = Union[ObjectShape, Stamp, None]  # noqa: UP007 - a name for mypy and for people
"""What a slot holds; None: any text."""


@dataclass(frozen=True, slots=True)
class SkeletonMessage:
    """statics[0] slot statics[1] slot ... statics[-1]; one static and no slot where the message is constant."""

    role: str
    statics: tuple[str, ...]
    holds: tuple[Holds, ...] = ()
    """What each slot holds; empty where all hold any text."""

    @property
    def slots(self) -> int:
        """An object has slots of its own in place of the one that it stands in."""
        inside = sum(held.slots - 1 for held in self.holds if isinstance(held, ObjectShape))
        return len(self.statics) - 1 + inside

    def to_json(self) -> dict[str, object]:
        held = [h.to_json() if isinstance(h, ObjectShape) else "stamp" if h else None for h in self.holds]
        return {"role": self.role, "statics": list(self.statics)} | ({"holds": held} if held else {})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SkeletonMessage":
        return cls(data["role"], tuple(data["statics"]), tuple(map(_holds, data.get("holds", ()))))


def _holds(data: object) -> Holds:
    if isinstance(data, Mapping):
        return ObjectShape.from_json(data)
    return None if data is None else Stamp()


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Immutable: another skeleton is another version of the task."""

    messages: tuple[SkeletonMessage, ...]
    excluded: tuple[int, ...] = ()
    """Slots that are no part of the input: examples that the caller picks anew for each call."""
    repeating: tuple[tuple[int, int], ...] = field(default=(), compare=False)
    """Slots of the input with few contents when it was mined, and how many: a date, a channel, a user's name."""

    @property
    def slots(self) -> int:
        return sum(message.slots for message in self.messages)

    @property
    def counts(self) -> int:
        """How many slots make the input."""
        return self.slots - len(self.excluded)

    def counted(self, slots: Sequence[str]) -> list[str]:
        """Those that make the input, of all slots in order."""
        return [slot for index, slot in enumerate(slots) if index not in self.excluded]

    def to_json(self) -> dict[str, object]:
        data: dict[str, object] = {"messages": [message.to_json() for message in self.messages]}
        data |= {"excluded": list(self.excluded)} if self.excluded else {}
        return data | ({"repeating": [list(pair) for pair in self.repeating]} if self.repeating else {})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Skeleton":
        return cls(
            tuple(map(SkeletonMessage.from_json, data["messages"])),
            tuple(data.get("excluded", ())),
            tuple((slot, contents) for slot, contents in data.get("repeating", ())),
        )
