"""What the calls of a mix are about: texts with labels, from the shipped corpus and from the streams beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson

from shadowbert.testing.calls import texts

ROOT = Path(__file__).parents[2]
TICKETS = ROOT / "shadowbert/demo/corpus/tickets.jsonl"
STREAMS = ROOT / "../shared/data"
CANNED = "canned"
"""Messages of a few phrases, as forms write them: much of their wording recurs, and is no template."""
MOST = 1200
"""Rows read of a source: a mix needs few."""

Labels = Mapping[str, str | bool]


@dataclass(frozen=True, slots=True)
class Row:
    text: str
    labels: Labels


@cache
def rows(source: str) -> tuple[Row, ...]:
    """Distinct texts that stand in no other text's way: none is empty."""
    if source == CANNED:
        return tuple(Row(text, {"label": ("first", "second")[n % 2]}) for n, text in enumerate(texts(MOST)))
    path = STREAMS / f"{source}.jsonl"
    lines = (path if path.exists() else TICKETS).read_bytes().splitlines()[:MOST]
    found = [_row(orjson.loads(line)) for line in lines]
    return tuple({row.text: row for row in found if row.text}.values())


def _row(line: Mapping[str, object]) -> Row:
    text, teacher = str(line["text"]).strip(), line.get("teacher")
    if isinstance(teacher, dict):
        return Row(text, {str(name): str(label) for name, label in teacher.items()})
    if teacher is not None:
        return Row(text, {"label": str(teacher)})
    return Row(text, {name: label for name, label in line.items() if name != "text" and isinstance(label, str | bool)})


@cache
def labels(source: str, field: str) -> tuple[str | bool, ...]:
    """All labels of a field, the commonest first."""
    seen: dict[str | bool, int] = {}
    for row in rows(source):
        seen[row.labels[field]] = seen.get(row.labels[field], 0) + 1
    return tuple(sorted(seen, key=lambda label: (-seen[label], str(label))))


def known(source: str, *fields: str) -> tuple[str, tuple[str, ...]]:
    """The source with these fields where it lies beside the checkout, else tickets with a field of theirs."""
    return (source, fields) if (STREAMS / f"{source}.jsonl").exists() else ("tickets", ("intent",))
