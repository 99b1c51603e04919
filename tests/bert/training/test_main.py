"""The child as its parent sees it: JSON lines, an exit code, a whole artifact or none."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from shadowbert.bert.serving.artifact import open_artifact
from shadowbert.bert.serving.runtime import Student
from shadowbert.errors import TrainingFailed
from tests.bert.conftest import MakeJob


def child(folder: Path) -> tuple[int, list[dict[str, object]], str]:
    command = [sys.executable, "-m", "shadowbert.bert.training", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_sixty_examples_become_a_student(make_job: MakeJob) -> None:
    folder = make_job(60, recipes=["probe", "finetune"])
    code, events, errors = child(folder)
    assert (code, errors) == (0, "")
    assert events[-1]["event"] == "published"
    assert events[-1]["artifact"] == str(folder / "artifact")
    assert {"agreement", "probe.agreement", "finetune.agreement", "recipe", "variant"} <= set(events[-1])
    Student(open_artifact(folder / "artifact")).guess("card")
    assert [p for p in (folder / "artifact", *(folder / "artifact").iterdir()) if p.stat().st_mode & 0o077] == []
    assert sorted(path.name for path in folder.iterdir()) == ["artifact", "examples.jsonl", "job.json"]


def test_a_failure_is_one_line_with_a_reason(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["training", str(make_job(5))])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    with pytest.raises(TrainingFailed) as raised:
        runpy.run_module("shadowbert.bert.training", run_name="__main__")
    sys.excepthook(raised.type, raised.value, raised.tb)  # as the interpreter does before it exits with 1
    out, errors = capsys.readouterr()
    (event,) = [json.loads(line) for line in out.splitlines()]
    assert (event["event"], event["kind"], event["again"]) == ("failed", "TrainingFailed", False)
    assert "fewer than 10 train" in event["reason"]
    assert "Traceback" in errors


def test_without_a_job_it_says_how_it_is_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["training"])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    with pytest.raises(SystemExit):
        runpy.run_module("shadowbert.bert.training", run_name="__main__")
    assert "usage: python -m shadowbert.bert.training" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("failure", "again"),
    [
        (MemoryError(), True),
        (
            RuntimeError("[enforce fail] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
            True,
        ),
        (OSError(12, "Cannot allocate memory"), True),
        (RuntimeError("could not create a primitive"), True),
        (RuntimeError("std::bad_alloc"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (TrainingFailed("fewer than 10 train examples"), False),
    ],
)
def test_what_may_pass_is_worth_another_attempt(
    failure: Exception, again: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    runpy.run_module("shadowbert.bert.training.__main__")["report_failure"](type(failure), failure, None)
    event = json.loads(capsys.readouterr().out)
    assert (event["event"], event["again"]) == ("failed", again)
