"""Writes what the matrix found: `build/compatibility.json`, and the table in the README between its two markers."""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from tests.clients.environments import Library
from tests.clients.matrix import Verdict

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
JSON = ROOT / "build" / "compatibility.json"
BEGIN, END = "<!-- compatibility: begin -->", "<!-- compatibility: end -->"


def write(libraries: Sequence[Library], verdicts: Sequence[Verdict], skipped: Mapping[str, str]) -> None:
    """`skipped`: libraries that could not be run, and why."""
    JSON.parent.mkdir(exist_ok=True)
    told = {"cells": [verdict.to_json() for verdict in verdicts], "skipped": dict(skipped)}
    JSON.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")
    README.write_text(replaced(README.read_text("utf-8"), table(libraries, verdicts)), "utf-8")


def replaced(text: str, table: str) -> str:
    """The text with another table between its markers. Raises ValueError where they are not there once."""
    found = re.findall(f"{BEGIN}.*?{END}", text, re.DOTALL)
    if len(found) != 1:
        raise ValueError("the README has no place for the table")
    return text.replace(found[0], f"{BEGIN}\n{table}{END}")


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
