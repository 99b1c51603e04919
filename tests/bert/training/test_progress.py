"""The child tells how far it is, at its own pace."""

import json
from collections.abc import Iterator

import pytest

from shadowbert.bert.training.progress import Steps


def ticking(seconds: float) -> Iterator[float]:
    now = 100.0
    while True:
        yield now
        now += seconds


def told(seconds: float, of: int, capsys: pytest.CaptureFixture[str]) -> list[tuple[int, float]]:
    times = ticking(seconds)
    steps = Steps("finetune", of, clock=lambda: next(times))
    for _ in range(of):
        steps.done(loss=0.5)
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all((e["event"], e["recipe"], e["of"], e["loss"]) == ("step", "finetune", of, 0.5) for e in events)
    return [(event["step"], event["seconds_left"]) for event in events]


def test_slow_steps_are_told_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(2.0, 3, capsys) == [(1, 4.0), (2, 2.0), (3, 0.0)]


def test_quick_steps_are_told_once_a_second(capsys: pytest.CaptureFixture[str]) -> None:
    assert [step for step, _ in told(0.25, 10, capsys)] == [1, 5, 9, 10]


def test_a_single_step_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(0.1, 1, capsys) == [(1, 0.0)]


def test_a_loop_that_is_not_the_last_one_foresees_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Steps("", 2, foresees=False).done(phase="encoding")
    said = {"event": "step", "recipe": "", "step": 1, "of": 2, "phase": "encoding"}
    assert json.loads(capsys.readouterr().out) == said
