"""Runs a library's driver before the server under test, first taught and then cut over, and judges every cell.

A cell stands when the library returned the teacher's answer while it was taught, and the student's afterwards; or
where `expected.toml` says why the LLM answers it, the teacher's again, for exactly that reason.
"""

import json
import os
import subprocess
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shadowbert.domain.exchange import Exchange
from shadowbert.settings import foreign_variables
from tests.clients.drivers.common import contrary, message, truth
from tests.clients.environments import HERE, Library
from tests.clients.stand import Stand, standing

KEY = "sk-matrix"
LESSONS = 20
"""Calls of a cell while it is taught: as many different ones found a version."""
EXAMINED = 2
AFTER = 500
"""Numbers from here on were not among the lessons."""
PATIENCE_S = 600.0
OFFLINE = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_TELEMETRY": "False",
    "DSPY_CACHEDIR": os.devnull,
    "BAML_LOG": "off",
}
"""Nothing is fetched from elsewhere, and no answer comes out of a cache."""


@dataclass(frozen=True)
class Call:
    """What came of one call of a driver: what the library returned, or how it failed."""

    cell: str
    number: int
    said: Mapping[str, object] | None = None
    error: str | None = None

    def fault(self, wanted: Mapping[str, object]) -> str | None:
        """Why this is not the wanted answer; a library may return only some of its fields."""
        if self.said is None:
            return self.error
        wrong = [name for name, value in self.said.items() if wanted.get(name, value) != value]
        missing = not self.said.keys() & wanted.keys()
        return f"returned {dict(self.said)} where {dict(wanted)} was said" if wrong or missing else None


@dataclass(frozen=True)
class Verdict:
    """One cell of the matrix. `source` is `student` or `llm:<reason>`, as in the exchange's route."""

    library: str
    cell: str
    source: str
    expected: str
    fault: str | None = None

    @property
    def stands(self) -> bool:
        return self.fault is None and self.source == self.expected

    def to_json(self) -> dict[str, object]:
        return {**asdict(self), "stands": self.stands}


def examine(library: Library) -> list[Verdict]:
    """Every cell of a library, over real sockets."""
    with tempfile.TemporaryDirectory() as folder, standing(Path(folder)) as stand:
        taught = drive(library, stand, first=0, count=LESSONS)
        stand.cut_over()
        asked = drive(library, stand, first=AFTER, count=EXAMINED)
        rows = {call.number: stand.row(call.number) for call in asked}
    expected = reasons(library.driver)
    cells = list(dict.fromkeys(call.cell for call in taught))
    return [
        judge(library.name, cell, _of(cell, taught), _of(cell, asked), rows, expected.get(cell, "student"))
        for cell in cells
    ]


def drive(library: Library, stand: Stand, *, first: int, count: int) -> list[Call]:
    command = [*library.command(), stand.url, KEY, str(first), str(count)]
    variables = {**foreign_variables(), **OFFLINE}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    calls = [Call(**json.loads(line)) for line in done.stdout.splitlines() if line.startswith('{"cell"')]
    if done.returncode != 0 or not calls:
        raise RuntimeError(f"the driver of {library.name} broke off: {done.stderr.strip()[-2000:]}")
    return calls


def judge(
    library: str,
    cell: str,
    taught: Sequence[Call],
    asked: Sequence[Call],
    rows: Mapping[int, Sequence[Exchange]],
    expected: str,
) -> Verdict:
    """The first fault counts; without one, the route of the last exchange of the last call."""
    sources = [_source(rows[call.number]) for call in asked]
    faults = [call.fault(truth(message(call.number))) for call in taught]
    for call, source in zip(asked, sources, strict=True):
        mind = contrary if source == "student" else truth
        faults.append(call.fault(mind(message(call.number))))
    strange = next((source for source in sources if source != expected), expected)
    return Verdict(library, cell, strange, expected, next((fault for fault in faults if fault), None))


def _source(rows: Sequence[Exchange]) -> str:
    """An endpoint that is not observed leaves no body to find the number in."""
    return rows[-1].route.label if rows else "llm:not_observed"


def _of(cell: str, calls: Iterable[Call]) -> list[Call]:
    return [call for call in calls if call.cell == cell]


def reasons(driver: str, path: Path = HERE / "expected.toml") -> dict[str, str]:
    """Cells of a driver that the LLM answers by right, with their route."""
    declared: Mapping[str, Any] = tomllib.loads(path.read_text("utf-8")).get(driver, {})
    return {cell: f"llm:{reason}" for cell, reason in declared.items()}
