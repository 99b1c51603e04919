"""Reads a labelled file: JSON Lines, one message a line with its text and its labels.

Every mistake is a ConfigError of one line that says where it stands. Refuses to know what the file is used for.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from shadowbert.demo.dataset import Message
from shadowbert.domain.contract import Label
from shadowbert.errors import ConfigError

MAX_LABELS = 200
LEAST_MESSAGES = 850
"""Fewer leave too little for a training, the evidence on it, and calls for the student to answer."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which fields of a line are the text and the labels."""

    text: str
    labels: tuple[str, ...]


def read_messages(path: Path, columns: Columns) -> tuple[Message, ...]:
    """Distinct messages in the file's order; of equal texts the first counts. Raises ConfigError."""
    if not columns.labels:
        raise ConfigError("--label: name at least one field")
    found: dict[str, Message] = {}
    for place, line in _lines(path):
        message = _message(line, place, columns)
        if message.text.strip():
            found.setdefault(message.text, message)
    if len(found) < LEAST_MESSAGES:
        raise ConfigError(f"{path}: {len(found)} different messages; at least {LEAST_MESSAGES} are needed")
    return tuple(found.values())


def labels_of(messages: Sequence[Message], *, source: str) -> dict[str, tuple[Label, ...]]:
    """Each field's labels, sorted as JSON text. Raises ConfigError where a field cannot be classified."""
    fields = {}
    for name in messages[0].answer:
        texts = sorted({json.dumps(message.answer[name]) for message in messages})
        if len(texts) < 2:
            raise ConfigError(f"{source}: field {name!r} has only the label {texts[0]}; there is nothing to learn")
        if len(texts) > MAX_LABELS:
            raise ConfigError(f"{source}: field {name!r} has {len(texts)} labels; at most {MAX_LABELS} can be learnt")
        fields[name] = tuple(json.loads(text) for text in texts)
    return fields


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """(place, text) of each line that is not empty."""
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield f"{path} line {number}", line
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text") from None


def _message(line: str, place: str, columns: Columns) -> Message:
    try:
        row = json.loads(line)
    except ValueError:
        raise ConfigError(f"{place}: not JSON") from None
    if not isinstance(row, dict):
        raise ConfigError(f"{place}: not a JSON object")
    for name in (columns.text, *columns.labels):
        if name not in row:
            raise ConfigError(f"{place}: no field {name!r}; its fields are {', '.join(map(str, row))}")
    text = row[columns.text]
    if not isinstance(text, str):
        raise ConfigError(f"{place}: field {columns.text!r} is not a text")
    return Message(text, {name: _label(row[name], name, place) for name in columns.labels})


def _label(value: object, name: str, place: str) -> Label:
    if value is None or isinstance(value, str | bool | int):
        return value
    raise ConfigError(f"{place}: field {name!r} is no label: texts, whole numbers, true, false and null are")
