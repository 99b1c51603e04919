"""Listens to a training child while it runs: the lines that it has written whole, and how far they say it is.

Refuses to judge: an event that it does not know is a phase of that name.
"""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shadowbert.domain.records import Progress


@dataclass(slots=True)
class Hearing:
    """Of one child's `progress.jsonl`. The last event and the latest progress; both empty before it says anything."""

    path: Path
    lines: int = 0
    last: Mapping[str, Any] = field(default_factory=dict)
    progress: Progress | None = None
    _read: int = 0
    _coda_s: float = 0.0
    """What comes after the last step: encoding and export again, about as long as they took the first time."""

    def listen(self) -> None:
        """Take in what was said since."""
        for event in self._new():
            self.last = event
            self.progress = self._told(event, self.progress or Progress("starting"))

    def _new(self) -> Iterator[Mapping[str, Any]]:
        """Only whole lines: a child that was killed may have left half of one."""
        with suppress(FileNotFoundError), self.path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._read += len(line)
                self.lines += 1
                with suppress(ValueError):
                    event = json.loads(line)
                    if isinstance(event, dict):
                        yield event

    def _told(self, event: Mapping[str, Any], before: Progress) -> Progress:
        kind = str(event.get("event", ""))
        if kind == "step":
            return self._step(event, before)
        if kind == "candidate":
            return self._candidate(event, before)
        return before if kind == "epoch" else Progress(kind, agreement=before.agreement)

    def _step(self, event: Mapping[str, Any], before: Progress) -> Progress:
        left = _number(event.get("seconds_left"))
        return Progress(
            phase=str(event.get("phase", "training")),
            recipe=str(event.get("recipe", "")),
            step=int(event["step"]),
            of=int(event["of"]),
            loss=_number(event.get("loss")),
            agreement=before.agreement,
            seconds_left=None if left is None else round(left + self._coda_s),
        )

    def _candidate(self, event: Mapping[str, Any], before: Progress) -> Progress:
        """A recipe is through; the next one has steps of its own."""
        recipe, agreement = str(event.get("recipe", "")), _number(event.get("scores", {}).get("agreement"))
        self._coda_s = self._coda_s or _number(event.get("seconds")) or 0.0
        best = max((known for known in (agreement, before.agreement) if known is not None), default=None)
        return Progress(f"{recipe} ready", recipe=recipe, agreement=best)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
