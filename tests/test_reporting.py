"""The report in words and as plain values."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.records import TrainingJob
from shadowbert.domain.route import Reason
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.report import Report, TaskReport
from shadowbert.reporting import REASONS, as_data, because, milliseconds, percent, stage_of, training_of
from shadowbert.store.store import Store
from shadowbert.testing.lineage import NOW, found
from tests.demo.examples import task


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "-"), (0.0, "0.0 %"), (0.9499, "94.9 %"), (0.99999, "99.9 %"), (1.0, "100.0 %"), (0.29, "29.0 %")],
)
def test_percent(share: float | None, text: str) -> None:
    assert percent(share) == text


@given(st.floats(0, 1))
def test_nothing_looks_better_than_it_is(share: float) -> None:
    assert float(percent(share).removesuffix(" %")) / 100 <= share + 1e-9


@pytest.mark.parametrize(("ms", "text"), [(None, "-"), (2.345, "2.3 ms"), (99.94, "99.9 ms"), (640.4, "640 ms")])
def test_milliseconds(ms: float | None, text: str) -> None:
    assert milliseconds(ms) == text


@pytest.mark.parametrize(
    ("report", "text"),
    [
        (task(), "collecting"),
        (task(Stage.CANARY, share=0.05), "canary 5%"),
        (task(Stage.LIVE, share=1.0, forced=True), "live forced"),
        (task(Stage.SHADOW, held=True), "shadow held"),
    ],
)
def test_stage(report: TaskReport, text: str) -> None:
    assert stage_of(report) == text


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("queued", "a training is queued"),
        ("running", "a student is being trained"),
        ("failed", "the latest training failed: no room"),
        ("done", ""),
    ],
)
def test_training(state: str, text: str) -> None:
    job = TrainingJob("j", "v", state, "200 examples", NOW, message="no room")
    assert training_of(task(training=job)) == text
    assert training_of(task(training=job, replaced_by="a version")) == ""
    assert training_of(task()) == ""


def test_every_reason_of_the_llm_has_its_words() -> None:
    assert set(REASONS) == set(Reason) - {Reason.SURE}
    assert len(set(REASONS.values())) == len(REASONS)


def test_a_code_from_tomorrow_is_shown_as_it_is() -> None:
    assert because("solar_flare") == "solar flare"


def test_the_data_is_plain_json_with_every_figure(sqlite_store: Store) -> None:
    line = found(sqlite_store)
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=50, disagree=2)
    line.move(Stage.CANARY, share=0.05, candidate=candidate)
    (report,) = Report(sqlite_store, Policy(), lambda: NOW).tasks()
    data = as_data(report)
    assert json.loads(json.dumps(data)) == {**data, "verdicts": [dict(v) for v in data["verdicts"]]}
    (shown,) = data["candidates"]
    assert (shown["agree"], shown["disagree"], shown["serving"]) == (50, 2, True)
    (verdict,) = data["verdicts"]
    assert (verdict["stage_after"], verdict["share"], verdict["at"]) == ("canary", 0.05, NOW)
