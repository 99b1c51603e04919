"""Rows of a table on standard output, each as soon as it is known; what is under way goes to standard error."""

import sys
from collections.abc import Sequence


class Table:
    def __init__(self, title: str, columns: Sequence[str]) -> None:
        _out(f"\n{title}\n\n")
        self.row(columns)
        self.row(["---"] * len(columns))

    def row(self, cells: Sequence[str]) -> None:
        _out(f"| {' | '.join(cells)} |\n")


def note(text: str) -> None:
    _out(f"{text}\n")


def progress(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _out(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
