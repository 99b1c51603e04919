"""`python -m tests.bench.students [stream ...]`: each row as soon as it is known; exit 1 where an aim is missed."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench.data import ABSENT, DATA
from tests.bench.students import ordered, shuffled, table
from tests.bench.students.kept import keep
from tests.bench.students.learners import CHOSEN, RECIPES, Learner, peer, products, tfidf
from tests.bench.students.rows import CASES, Case
from tests.clients.environments import Unavailable

TABLES = ("shuffled", "ordered")


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.students", description=__doc__)
    names = [case.name for case in CASES]
    parser.add_argument("streams", nargs="*", metavar="stream", help=f"of {', '.join(names)}; all by default")
    parser.add_argument(
        "--recipe", action="append", help=f"of {', '.join((*RECIPES, CHOSEN))}; may be repeated, the last is judged"
    )
    parser.add_argument("--seeds", type=int, default=3, help="shuffles of the first table")
    parser.add_argument("--sizes", type=int, nargs="+", default=ordered.SIZES, help="calls of the second table")
    parser.add_argument("--table", choices=TABLES, action="append", help="both by default")
    parser.add_argument("--peer", action="store_true", help="train shad0wllm too, not only quote what was published")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where results are kept, to go on from later")
    given = parser.parse_args(argv)
    if unknown := set(given.streams) - set(names):
        parser.error(f"there is no stream {', '.join(sorted(unknown))}")
    return given


def wanted(names: Sequence[str]) -> list[Case]:
    return [case for case in CASES if not names or case.name in names]


def others(given: argparse.Namespace) -> list[Learner]:
    found: list[Learner] = [tfidf()]
    if given.peer:
        try:
            found.append(peer())
        except Unavailable as why:
            table.note(f"shad0wllm is quoted, not measured: {why}")
    return found


def main(argv: Sequence[str]) -> int:
    given = arguments(argv)
    if not DATA.is_dir():
        table.note(ABSENT)
        return 0
    cases, baselines = wanted(given.streams), keep(others(given), given.keep)
    own = keep(products(given.recipe or [RECIPES[0], CHOSEN]), given.keep)
    missed = 0
    if "shuffled" in (given.table or TABLES) and (published := [case for case in cases if case.published]):
        missed += shuffled.compare(published, baselines, own, seeds=given.seeds)
    if "ordered" in (given.table or TABLES):
        missed += ordered.follow(_streams(cases), baselines, own, sizes=given.sizes)
    return int(missed > 0)


def _streams(cases: Sequence[Case]) -> list[Case]:
    """Whole objects, as a caller asks for them."""
    return [case for case in cases if case.only is None]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
