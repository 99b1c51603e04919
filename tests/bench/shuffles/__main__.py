"""`python -m tests.bench.shuffles [stream ...]`: every stream in many orders; exit status 1 where the promise breaks.

Aim: over all runs, at most 5 % whose local answers agree less often than the target beyond chance (one-sided binomial,
1 %). The first order of a stream is its own.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.bench.data import ABSENT, DATA
from tests.bench.shuffles.life import Knobs, Life
from tests.bench.shuffles.outcome import Outcome
from tests.bench.shuffles.texts import Texts, load
from tests.bench.students import table
from tests.bench.students.rows import CASES, Case

STREAMS = (*CASES, Case("trec-coarse-gold", "trec-gold", only="coarse"))
CHANCE, ALLOWED = 0.01, 0.05
COLUMNS = (
    "stream", "calls", "orders", "opened", "live, median call", "local, all calls", "last fifth", "agreement, median",
    "worst order: agreement (answers), p", "falls", "below",
)  # fmt: skip


def orders(calls: int, shuffles: int) -> list[list[int]]:
    """The stream's own, and seeded shuffles."""
    shuffled = [np.random.default_rng(seed).permutation(calls).tolist() for seed in range(1, shuffles + 1)]
    return [list(range(calls)), *shuffled]


def live_through(texts: Texts, knobs: Knobs, *, shuffles: int) -> list[Outcome]:
    found = []
    for seed, order in enumerate(orders(len(texts.hashes), shuffles)):
        found.append(Life(texts, order, knobs, seed=seed).live())
        one = found[-1]
        table.progress(f"{texts.name} order {seed}: live {one.live}, {one.share:.3f} local, agreement {one.agreement}")
    return found


def cells(texts: Texts, outcomes: Sequence[Outcome], target: float) -> list[str]:
    opened = [one for one in outcomes if one.answered]
    worst = min(outcomes, key=lambda one: one.chance(target))
    lived = [one.live for one in outcomes if one.live is not None]
    return [
        texts.name,
        f"{len(texts.hashes):,}",
        str(len(outcomes)),
        str(len(opened)),
        f"{statistics.median(lived):,.0f} ({len(lived)})" if lived else "never",
        f"{statistics.mean(one.share for one in outcomes):.1%}",
        f"{statistics.mean(one.last_fifth for one in outcomes):.1%}",
        f"{statistics.median(one.agreement or 0 for one in opened):.4f}" if opened else "-",
        f"{worst.agreement:.4f} ({worst.answered:,}), {worst.chance(target):.3f}" if worst.agreement else "-",
        str(sum(one.falls for one in outcomes)),
        str(broken(outcomes, target)),
    ]


def broken(outcomes: Sequence[Outcome], target: float) -> int:
    """How many lie below the target beyond chance."""
    return sum(one.chance(target) < CHANCE for one in outcomes)


def run(cases: Sequence[Case], knobs: Knobs, *, shuffles: int, calls: int, folder: Path) -> int:
    target = knobs.policy.target
    rows = table.Table(f"Each stream in its own order and {shuffles} shuffled ones, target {target:.0%}.", COLUMNS)
    runs = below = 0
    for case in cases:
        texts = load(case, calls=calls, folder=folder)
        outcomes = live_through(texts, knobs, shuffles=shuffles)
        runs, below = runs + len(outcomes), below + broken(outcomes, target)
        rows.row(cells(texts, outcomes, target))
    missed = below > ALLOWED * runs
    table.note(
        f"\n{below} of {runs} runs below the target beyond chance, aim {ALLOWED:.0%}: {'MISSED' if missed else 'ok'}"
    )
    return int(missed)


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.shuffles", description=__doc__)
    parser.add_argument("streams", nargs="*", metavar="STREAM", choices=[*(case.name for case in STREAMS), []])
    parser.add_argument("--shuffles", type=int, default=20)
    parser.add_argument("--calls", type=int, default=6_000, help="of a stream, at most")
    parser.add_argument("--keep", type=Path, default=Path(".bench/shuffles"), help="where embedded texts are kept")
    return parser.parse_args(argv)


if __name__ == "__main__":
    if not DATA.exists():
        table.note(ABSENT)
        sys.exit(0)
    given = arguments(sys.argv[1:])
    asked = [case for case in STREAMS if not given.streams or case.name in given.streams]
    sys.exit(run(asked, Knobs(), shuffles=given.shuffles, calls=given.calls, folder=given.keep))
