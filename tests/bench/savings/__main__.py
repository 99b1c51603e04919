"""`python -m tests.bench.savings [stream ...]`: whole streams through the product; exit 1 where an aim is missed."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

from tests.bench.data import ABSENT, DATA
from tests.bench.savings.outcome import COLUMNS, TARGET, Outcome, row, total
from tests.bench.savings.replay import MODEL, replay
from tests.bench.savings.streams import STREAMS, Stream
from tests.bench.students import table
from tests.bench.students.kept import ROOT, digest

TITLE = f"Whole streams through the running product, target {TARGET:.0%}; money at {MODEL}'s list price"
_OUTCOME = TypeAdapter(Outcome)


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.savings", description=__doc__)
    names = [stream.name for stream in STREAMS]
    parser.add_argument("streams", nargs="*", metavar="stream", help=f"of {', '.join(names)}; all by default")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of a training")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where outcomes are kept, to go on from later")
    given = parser.parse_args(argv)
    if unknown := set(given.streams) - set(names):
        parser.error(f"there is no stream {', '.join(sorted(unknown))}")
    return given


def known(stream: Stream, given: argparse.Namespace) -> Outcome:
    """As it was kept, of this very code; or replayed now."""
    file = given.keep / f"{stream.name}-{digest(code())}.json" if given.keep else None
    if file is not None and file.exists():
        return _OUTCOME.validate_json(file.read_bytes())
    found = asyncio.run(replay(stream, threads=given.threads))
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_OUTCOME.dump_json(found))
    return found


def code() -> list[str]:
    return [path.read_text("utf-8") for path in sorted((ROOT / "shadowbert").rglob("*.py"))]


def main(argv: Sequence[str]) -> int:
    given = arguments(argv)
    if not DATA.is_dir():
        table.note(ABSENT)
        return 0
    rows, found = table.Table(TITLE, COLUMNS), {}
    wanted = [stream for stream in STREAMS if not given.streams or stream.name in given.streams]
    for stream in wanted:
        found[stream.name] = known(stream, given)
        rows.row(row(stream, found[stream.name]))
    missed = sum(bool(found[stream.name].faults(stream)) for stream in wanted)
    table.note(f"\n{total(found)} {missed} rows MISSED" if missed else f"\n{total(found)} ok")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
