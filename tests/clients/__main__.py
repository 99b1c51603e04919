"""Builds the environments, runs the matrix and writes it down: `python -m tests.clients [library ...]`.

The README's table is renewed by whole runs only. Exit code 1 when a cell does not stand.
"""

import sys
from collections.abc import Sequence

from tests.clients.environments import Library, Unavailable, libraries
from tests.clients.matrix import Verdict, examine
from tests.clients.report import write


def main(wanted: Sequence[str]) -> int:
    chosen = [library for library in libraries() if not wanted or library.name in wanted]
    verdicts: list[Verdict] = []
    skipped: dict[str, str] = {}
    for library in chosen:
        try:
            library.build()
            found = examine(library)
        except (Unavailable, RuntimeError) as error:
            skipped[library.name] = str(error)
            say(f"{library.name}: NOT RUN: {error}")
            continue
        verdicts += found
        tell(library, found)
    if not wanted:
        write(chosen, verdicts, skipped)
    return int(bool(skipped) or not all(verdict.stands for verdict in verdicts))


def tell(library: Library, verdicts: Sequence[Verdict]) -> None:
    say(f"{library.name}: {sum(v.stands for v in verdicts)} of {len(verdicts)} cells stand")
    for verdict in verdicts:
        mark = "ok  " if verdict.stands else "FAIL"
        say(f"  {mark} {verdict.cell:<36} {verdict.source:<24} {verdict.fault or ''}")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
