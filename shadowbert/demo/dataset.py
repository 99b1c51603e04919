"""Messages with the answers a teacher gives them, and how one asks for such an answer.

Refuses to know where they were read and who is asked.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from shadowbert.domain.contract import Label

Answer = Mapping[str, Label]
"""Field name to label, as the teacher writes it in JSON."""


@dataclass(frozen=True, slots=True)
class Message:
    text: str
    answer: Answer


@dataclass(frozen=True)
class Dataset:
    """No two messages have the same text."""

    name: str
    """Names the schema, and so the task."""
    instruction: str
    """The system prompt."""
    fields: Mapping[str, tuple[Label, ...]]
    messages: tuple[Message, ...]

    @cached_property
    def schema(self) -> dict[str, object]:
        """The JSON schema of an answer, as OpenAI's strict mode wants it."""
        return {
            "type": "object",
            "properties": {name: _leaf(labels) for name, labels in self.fields.items()},
            "required": list(self.fields),
            "additionalProperties": False,
        }

    @cached_property
    def answers(self) -> dict[str, Answer]:
        """What the teacher says to each text when it makes no mistake."""
        return {message.text: message.answer for message in self.messages}


def same(answer: Answer, content: str) -> bool:
    """Whether a reply's text says this answer. True is not 1.

    >>> same({"urgent": True}, '{"urgent": true}'), same({"urgent": True}, '{"urgent": 1}'), same({"urgent": True}, "?")
    (True, False, False)
    """
    try:
        return _canonical(json.loads(content)) == _canonical(answer)
    except json.JSONDecodeError:
        return False


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _leaf(labels: tuple[Label, ...]) -> dict[str, object]:
    if all(isinstance(label, bool) for label in labels):
        return {"type": "boolean"}
    if all(isinstance(label, str) for label in labels):
        return {"type": "string", "enum": list(labels)}
    return {"enum": list(labels)}
