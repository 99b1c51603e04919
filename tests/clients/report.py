"""Writes what the matrix found: `build/compatibility.json`, and a table in the README between two markers."""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from tests.clients.environments import Library
from tests.clients.matrix import Verdict

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"


def write(libraries: Sequence[Library], verdicts: Sequence[Verdict], skipped: Mapping[str, str]) -> None:
    """`skipped`: libraries that could not be run, and why."""
    keep("compatibility", {"cells": [verdict.to_json() for verdict in verdicts], "skipped": dict(skipped)})
    publish("compatibility", table(libraries, verdicts))


def keep(name: str, told: Mapping[str, object]) -> None:
    """As `build/<name>.json`."""
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    (build / f"{name}.json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")


def publish(name: str, table: str) -> None:
    README.write_text(replaced(README.read_text("utf-8"), name, table), "utf-8")


def replaced(text: str, name: str, table: str) -> str:
    """The text with another table between its markers of this name. Raises ValueError where they are not there once.

    >>> replaced("<!-- a: begin -->old<!-- a: end -->", "a", "new\\n")
    '<!-- a: begin -->\\nnew\\n<!-- a: end -->'
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    found = re.findall(f"{begin}.*?{end}", text, re.DOTALL)
    if len(found) != 1:
        raise ValueError(f"there is no place for the table {name}")
    return text.replace(found[0], f"{begin}\n{table}{end}")


def table(libraries: Sequence[Library], verdicts: Sequence[Verdict]) -> str:
    """One row a library: how many of its ways of asking the student answers, and which ones go to the LLM and why."""
    lines = [
        "| library | ways of asking | answered by the student | by the LLM, with the reason |",
        "|---|---|---|---|",
    ]
    for library in libraries:
        cells = [verdict for verdict in verdicts if verdict.library == library.name]
        if cells:
            local = sum(verdict.source == "student" and verdict.stands for verdict in cells)
            lines.append(f"| {_name(library)} | {len(cells)} | {local} | {_rest(cells)} |")
    return "\n".join(lines) + "\n"


def _name(library: Library) -> str:
    """With the versions that were run."""
    return f"{library.name} (`{library.version}`)" if library.pins else library.name


def _rest(cells: Sequence[Verdict]) -> str:
    """By reason; cells that do not stand are named as what they are."""
    others = sorted((_why(cell), cell.cell) for cell in cells if not (cell.stands and cell.source == "student"))
    return "; ".join(f"{why}: {', '.join(c for _, c in group)}" for why, group in groupby(others, lambda o: o[0]))


def _why(cell: Verdict) -> str:
    return f"`{cell.source}`" if cell.stands else f"**fails** (`{cell.source}`)"
