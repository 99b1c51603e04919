import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.gating.drift import ALARM_AT, ALTERNATIVES, SUSPICIOUS_AT, DriftDetector, replay, tau_down
from tests.gating.simulate import rows_to_alarm

audits = st.lists(st.booleans() | st.just(value=True), max_size=200)


def test_alarm_line_is_two_points_below_the_target() -> None:
    assert tau_down(0.95) == pytest.approx(0.93)


@given(rows=audits, cut=st.integers(0, 200))
def test_state_carries_a_detector_over_a_restart(rows: list[bool], cut: int) -> None:
    first = replay(rows[:cut], 0.93)
    second = DriftDetector(0.93, first.state)
    for agreed in rows[cut:]:
        second.update(agreed)
    assert second.state == replay(rows, 0.93).state


@given(rows=audits, at=st.integers(0, 199))
def test_turning_a_disagreement_into_an_agreement_never_raises_the_alarm(rows: list[bool], at: int) -> None:
    better = [agreed or n == at for n, agreed in enumerate(rows)]
    assert replay(rows, 0.93).alarm or not replay(better, 0.93).alarm


@given(rows=audits)
def test_one_more_agreement_never_raises_the_alarm(rows: list[bool]) -> None:
    detector = replay(rows, 0.93)
    before = detector.alarm
    assert detector.update(agreed=True).alarm == before


@given(rows=audits)
def test_an_alarm_stays_whatever_comes_after(rows: list[bool]) -> None:
    assert replay([False] * 30 + rows + [True] * 100, 0.93).alarm


def test_agreement_alone_never_looks_suspicious() -> None:
    detector = replay([True] * 2000, 0.93)
    assert detector.value < 1 < SUSPICIOUS_AT < ALARM_AT


def test_a_long_good_past_does_not_delay_the_alarm() -> None:
    """Each bet restarts at 1, so nothing has to be won back first."""
    fresh = next(n for n in range(1, 50) if replay([False] * n, 0.93).alarm)
    assert replay([True] * 5000 + [False] * (fresh + 1), 0.93).alarm


@pytest.mark.parametrize("state", [(), (1.0,) * (ALTERNATIVES - 1), (1.0,) * (ALTERNATIVES + 1)])
def test_a_foreign_state_is_refused(state: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="24 numbers"):
        DriftDetector(0.93, state)


@pytest.mark.parametrize("line", [0.0, 1.0, -0.02])
def test_an_impossible_line_is_refused(line: float) -> None:
    with pytest.raises(ValueError, match="inside"):
        DriftDetector(line)


def test_the_simulation_is_the_detector() -> None:
    """What the tables below measure is the shipped object: same outcomes, same row of the alarm."""
    rng = np.random.default_rng(11)
    rows = [bool(x) for x in rng.random(400) < 0.7]  # one run of the simulation draws the same numbers
    simulated = int(rows_to_alarm(0.95, 0.7, runs=1, rows=400, seed=11, alarm_at=ALARM_AT)[0])
    assert replay(rows[:simulated], 0.95).alarm
    assert not replay(rows[: simulated - 1], 0.95).alarm


# The reference's table: median and 90th percentile of the audits until an alarm, after a fall from the line to p.
@pytest.mark.parametrize(
    ("line", "p", "median", "p90"),
    [
        (0.95, 0.85, 126, 225),
        (0.95, 0.75, 38, 72),
        (0.95, 0.55, 12, 22),
        (0.90, 0.80, 184, 352),
        (0.90, 0.70, 50, 98),
        (0.90, 0.50, 16, 31),
    ],
)
def test_a_fall_is_caught_within_the_published_audits(line: float, p: float, median: int, p90: int) -> None:
    rows = rows_to_alarm(line, p, runs=1000, rows=2000, seed=21, alarm_at=ALARM_AT)
    assert float(np.median(rows)) == pytest.approx(median, rel=0.1, abs=1.5)
    assert float(np.percentile(rows, 90)) == pytest.approx(p90, rel=0.15, abs=2)


@pytest.mark.parametrize(("p", "published"), [(0.95, 0.05), (0.97, 0.0)])
def test_false_alarms_on_the_line_and_two_points_above(p: float, published: float) -> None:
    runs = 1000
    alarms = float((rows_to_alarm(0.95, p, runs=runs, rows=4000, seed=22, alarm_at=ALARM_AT) <= 4000).mean())
    assert alarms <= published + 3 * math.sqrt(max(published, 0.002) / runs)
    # Average run length of at least ALARM_AT: at most 4,000 / 10,000 of the runs could alarm; far fewer do.
    assert alarms < 4000 / ALARM_AT
