"""The gate under a simulator: `python -m tests.bench gate`, or `make bench-gate`. About two minutes.

Seeded, so every run prints the same. A row without an aim is there to be compared with, or says what the guarantee does
not cover. The smaller version of all this are the tests in tests/gating/test_cells.py.
"""

import math
from collections.abc import Iterator

import numpy as np

from shadowbert.domain.task import Policy
from shadowbert.gating.drift import ALARM_AT, tau_down
from shadowbert.gating.eprocess import alpha_share
from tests.bench.table import Row
from tests.gating.cells import (
    ATTACKS,
    CANDIDATES,
    DETECTION,
    PUBLISHED,
    UNSTEADY,
    attack,
    ever_promoted,
    fall,
    rows_to_promotion,
    served_below,
)
from tests.gating.simulate import rows_to_alarm
from tests.gating.traffic import hot

STREAMS, MANY = 1_000, 4_000
PATIENT = 1_000
ALPHA = Policy().alpha


def bench() -> Iterator[Row]:
    yield from promotions()
    yield from waits()
    yield from attacks()
    yield from falls()


def promotions() -> Iterator[Row]:
    for target in (0.90, 0.95, 0.98):
        for p in (target, target - 0.005):
            share = ever_promoted(target, p, streams=STREAMS, seed=1)
            yield percent(f"gate: target {target}, true {p:.3f}, 5 versions: promoted", share, at_most=ALPHA)


def waits() -> Iterator[Row]:
    for (target, p), published in PUBLISHED.items():
        rows = rows_to_promotion(target, p, alpha=ALPHA, least=0, streams=MANY, seed=2)
        what = f"gate: target {target}, true {p}: median rows (published {published:,})"
        yield Row(what, rows, "rows", at_most=round(1.1 * published), at_least=round(0.9 * published))
    for target, p in ((0.90, 0.92), (0.95, 0.97), (0.95, 0.98), (0.98, 0.995)):
        for number in range(1, CANDIDATES + 1):
            least, alpha = Policy().min_rows, alpha_share(number, ALPHA)
            rows = rows_to_promotion(target, p, alpha=alpha, least=least, streams=STREAMS, seed=3)
            yield Row(f"gate: target {target}, true {p}: median rows, candidate {number}", rows, "rows")


def attacks() -> Iterator[Row]:
    for name, (traffic, every_call) in ATTACKS.items():
        outcome = attack(traffic, streams=STREAMS, seed=4, every_call=every_call)
        aim = None if every_call else ALPHA
        yield percent(f"gate: {name}: promoted ({outcome.by})", outcome.promoted, at_most=aim)
    for name, traffic in UNSTEADY.items():
        for least in (Policy().min_rows, PATIENT):
            outcome = attack(traffic, streams=STREAMS, seed=5, min_rows=least)
            yield percent(f"gate: not steady: {name}, min_rows {least}: promoted", outcome.promoted)
    guarded, unguarded = (
        served_below(hot(0.97, on_hot=0.97), streams=STREAMS, seed=6, known_to_llm=known) for known in (True, False)
    )
    yield percent("gate: 30 hot texts, some wrong: served below the target", guarded, at_most=ALPHA)
    yield percent("gate: the same without known_disagreement", unguarded)


def falls() -> Iterator[Row]:
    for (line, p), (median, p90) in DETECTION.items():
        audits = rows_to_alarm(line, p, runs=STREAMS, rows=3_000, seed=7, alarm_at=ALARM_AT)
        yield Row(f"alarm {line}, to {p}: audits, median (published {median})", float(np.median(audits)), "audits")
        yield Row(f"alarm {line}, to {p}: audits, p90 (published {p90})", float(np.percentile(audits, 90)), "audits")
    for target in (0.97, 0.95):
        yield from one_fall(target)
    for line, p, aim in ((0.93, 0.93, 0.05), (0.95, 0.95, 0.05), (0.93, 0.95, 0.01)):
        alarms = rows_to_alarm(line, p, runs=MANY, rows=4_000, seed=8, alarm_at=ALARM_AT) <= 4_000
        yield percent(f"alarm {line}, true {p}: false alarms in 4,000 audits", float(alarms.mean()), at_most=aim)


def one_fall(target: float) -> Iterator[Row]:
    """The reference has its 90th percentile at an alarm bar of .95, and one audit in twenty calls."""
    line, p90 = tau_down(target), DETECTION[0.95, 0.85][1]
    found, what = fall(line, 0.98, 0.85, streams=STREAMS, seed=9), f"alarm {line:.2f}, .98 to .85"
    within = float((found.requests <= p90 / 0.05).mean())
    yield Row(f"{what}: audits, median", float(np.median(found.audits)), "audits")
    yield Row(f"{what}: audits, p90", float(np.percentile(found.audits, 90)), "audits")
    yield Row(f"{what}: calls, median", float(np.median(found.requests)), "calls")
    yield Row(f"{what}: calls, p90", float(np.percentile(found.requests, 90)), "calls")
    yield Row(f"{what}: calls at a fixed 5 %, p90", float(np.percentile(found.at_fixed_rate, 90)), "calls")
    aim = 90.0 if math.isclose(line, 0.95) else None
    yield Row(f"{what}: within {p90 / 0.05:,.0f} calls", 100 * within, "%", at_least=aim)


def percent(what: str, share: float, *, at_most: float | None = None) -> Row:
    return Row(what, 100 * share, "%", at_most=None if at_most is None else 100 * at_most)
