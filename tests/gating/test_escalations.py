"""The signal without labels: how rarely it is wrong, how soon it is right, and that it is told once."""

import json

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.evidence import Counts
from shadowbert.gating.drift import ALTERNATIVES, MILDEST, WORST
from shadowbert.gating.escalations import (
    AUDITS_BOUGHT,
    LEAST_REFERENCE,
    RAISED_AT,
    TOLERANCE,
    Escalations,
    SuretyDetector,
    usual,
)

SIXTY = Counts(agree=240, disagree=160)
Streams = npt.NDArray[np.bool_]

calls = st.lists(st.booleans(), max_size=400)
references = st.builds(Counts, agree=st.integers(0, 500), disagree=st.integers(0, 500)).filter(lambda c: c.rows > 0)


def first_raised(sure: Streams, reference: Counts) -> npt.NDArray[np.int64]:
    """The call at which each stream is raised; one more than there are where it never is."""
    low, high = usual(reference)
    parts = np.linspace(MILDEST, WORST, ALTERNATIVES)
    few, many = low * parts, (1 - high) * parts
    won = np.concatenate([few / low, (1 - many) / high])
    lost = np.concatenate([(1 - few) / (1 - low), many / (1 - high)])
    bets, first = np.zeros((len(sure), 2 * ALTERNATIVES)), np.full(len(sure), sure.shape[1] + 1)
    for row in range(sure.shape[1]):
        bets = np.maximum(bets, 1.0) * np.where(sure[:, row, None], won, lost)
        first[(bets.mean(axis=1) >= RAISED_AT) & (first > row + 1)] = row + 1
    return first


def streams(share: float, *, runs: int, rows: int, seed: int) -> Streams:
    return np.random.default_rng(seed).random((runs, rows)) < share


def test_the_simulation_is_the_detector() -> None:
    (stream,) = streams(0.35, runs=1, rows=400, seed=3)
    first = int(first_raised(stream[None], SIXTY)[0])
    detector = SuretyDetector(SIXTY)
    told = []
    for sure in stream:
        detector.update(sure=bool(sure))
        told.append(detector.raised)
    assert told.index(True) + 1 == first < 400


@pytest.mark.parametrize(("share", "allowed"), [(0.6, 0.0), (0.565, 0.01), (0.541, 0.1), (0.657, 0.1)])
def test_false_alarms_in_four_thousand_calls(share: float, allowed: float) -> None:
    """At the reference, where it lies a standard error off, and at the very edges: fewer than 4,000 / RAISED_AT."""
    raised = (first_raised(streams(share, runs=300, rows=4000, seed=4), SIXTY) <= 4000).mean()
    assert raised <= allowed < 4000 / RAISED_AT


@pytest.mark.parametrize(("share", "median", "most"), [(0.3, 80, 150), (0.4, 210, 520), (0.8, 190, 400)])
def test_how_soon_a_change_is_seen(share: float, median: int, most: int) -> None:
    seen = first_raised(streams(share, runs=300, rows=2000, seed=5), SIXTY)
    assert float(np.median(seen)) <= median
    assert float(np.percentile(seen, 90)) <= most


@given(reference=references)
def test_a_tolerance_around_every_reference(reference: Counts) -> None:
    low, high = usual(reference)
    assert 0 <= low <= max(0.0, reference.agree / reference.rows - TOLERANCE)
    assert 1 >= high >= min(1.0, reference.agree / reference.rows + TOLERANCE)


@given(reference=references, seen=calls)
def test_a_detector_takes_any_reference(reference: Counts, seen: list[bool]) -> None:
    detector = SuretyDetector(reference)
    for sure in seen:
        detector.update(sure=sure)
    again = SuretyDetector(reference, detector.bets)
    assert (again.bets, again.raised) == (detector.bets, detector.raised)


@given(seen=calls, cut=st.integers(0, 400), audits=st.integers(0, 3))
def test_what_is_known_does_not_depend_on_how_often_somebody_looked(seen: list[bool], cut: int, audits: int) -> None:
    at_once, in_parts = (Escalations(Counts(agree=180, disagree=10)) for _ in range(2))
    at_once.see(seen)
    in_parts.see(seen[:cut])
    in_parts = Escalations.from_json(json.loads(json.dumps(in_parts.to_json())))
    in_parts.see(seen[cut:])
    for watch in (at_once, in_parts):
        for _ in range(audits):
            watch.audited()
    assert at_once == in_parts


def test_more_sure_calls_are_a_change_as_well() -> None:
    watch = Escalations(SIXTY)
    watch.see([True] * 60)
    assert watch.changed == "the student is sure of more calls than before (60 %)"


def test_a_change_is_told_once_and_is_then_what_is_normal() -> None:
    watch = Escalations(SIXTY)
    now = [n % 5 == 0 for n in range(1000)]
    watch.see(now)
    assert watch.changed
    for _ in range(AUDITS_BOUGHT - 1):
        watch.audited()
    assert watch.changed
    watch.audited()
    assert watch.changed == ""
    watch.see(now)
    assert watch.changed == ""
    assert watch.reference.agree / watch.reference.rows == pytest.approx(0.2, abs=0.01)


def test_without_a_reference_the_first_calls_are_one() -> None:
    watch = Escalations()
    watch.see([False] * LEAST_REFERENCE)
    assert (watch.reference.rows, watch.bets, watch.changed) == (LEAST_REFERENCE, None, "")
    watch.see([True] * 40)
    assert watch.changed == "the student is sure of more calls than before (0 %)"


def test_a_student_that_is_always_sure_can_only_become_less_so() -> None:
    watch = Escalations(Counts(agree=400))
    watch.see([True] * 1000)
    assert watch.changed == ""
    watch.see([False] * 10)
    assert "fewer" in watch.changed
