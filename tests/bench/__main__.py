"""Runs every bench module beside this file and prints one table: `python -m tests.bench [name ...]`."""

import importlib
import pkgutil
import sys
from collections.abc import Iterator

import tests.bench
from tests.bench.table import Row, render


def modules(wanted: list[str]) -> Iterator[str]:
    for found in pkgutil.iter_modules(tests.bench.__path__):
        if not wanted or found.name in wanted:
            yield found.name


def rows(name: str) -> list[Row]:
    run = getattr(importlib.import_module(f"tests.bench.{name}"), "bench", None)
    return list(run()) if run is not None else []


if __name__ == "__main__":
    found = [row for name in modules(sys.argv[1:]) for row in rows(name)]
    sys.stdout.write(render(found))
    sys.exit(any(row.missed for row in found))
