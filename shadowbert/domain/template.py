"""The constant skeleton of a task's prompt and the holes in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SLOT_SEPARATOR = "\n"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt: its role and its text (the text parts joined by a line feed)."""

    role: str
    text: str


Prompt = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class SkeletonMessage:
    """statics[0] slot statics[1] slot ... statics[-1]; one static and no slot where the message is constant."""

    role: str
    statics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Skeleton:
    messages: tuple[SkeletonMessage, ...]

    @property
    def slots(self) -> int:
        return sum(len(m.statics) - 1 for m in self.messages)

    def to_json(self) -> dict[str, object]:
        return {"messages": [{"role": m.role, "statics": list(m.statics)} for m in self.messages]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Skeleton":
        return cls(tuple(SkeletonMessage(m["role"], tuple(m["statics"])) for m in data["messages"]))
