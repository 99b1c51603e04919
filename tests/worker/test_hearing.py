"""What a training child says about how far it is, line by line as it writes them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.records import Progress
from shadowbert.worker.hearing import Hearing

STEP = {"event": "step", "phase": "fine-tuning", "recipe": "finetune", "step": 3, "of": 9, "loss": 0.4}
PROBE = {"event": "candidate", "recipe": "probe", "seconds": 20.0, "scores": {"agreement": 0.9, "rows": 80}}


def heard(path: Path, *events: object) -> Hearing:
    hearing = Hearing(path / "progress.jsonl")
    hearing.path.write_text("".join(json.dumps(event) + "\n" for event in events), "utf-8")
    hearing.listen()
    return hearing


def test_a_child_that_has_said_nothing(tmp_path: Path) -> None:
    hearing = Hearing(tmp_path / "progress.jsonl")
    hearing.listen()
    assert (hearing.last, hearing.progress, hearing.lines) == ({}, None, 0)
    assert heard(tmp_path).progress is None


def test_phases_in_their_order(tmp_path: Path) -> None:
    encoding = {"event": "encoding", "examples": 200}
    assert heard(tmp_path, encoding).progress == Progress("encoding")
    step = {"event": "step", "recipe": "", "step": 90, "of": 200, "phase": "encoding"}
    assert heard(tmp_path, encoding, step).progress == Progress("encoding", step=90, of=200)
    assert heard(tmp_path, encoding, step, PROBE).progress == Progress("probe ready", "probe", agreement=0.9)
    assert heard(tmp_path, encoding, PROBE, STEP).progress == Progress(
        "fine-tuning", "finetune", 3, 9, loss=0.4, agreement=0.9
    )
    tuned = {"event": "candidate", "recipe": "finetune", "seconds": 60.0, "scores": {"agreement": 0.8}}
    ready = heard(tmp_path, encoding, PROBE, STEP, {"event": "epoch", "epoch": 1}, tuned).progress
    assert ready == Progress("finetune ready", "finetune", agreement=0.9), "the better one counts"


def test_what_is_left_counts_the_export_that_follows(tmp_path: Path) -> None:
    progress = heard(tmp_path, PROBE, STEP | {"seconds_left": 31.6}).progress
    assert progress is not None
    assert progress.seconds_left == 52


def test_a_phase_from_tomorrow_is_told_by_its_name(tmp_path: Path) -> None:
    assert heard(tmp_path, PROBE, {"event": "distilling"}).progress == Progress("distilling", agreement=0.9)


def test_half_a_line_is_waited_for(tmp_path: Path) -> None:
    hearing = heard(tmp_path, PROBE)
    said = json.dumps(STEP)
    for part, lines in ((said[:30], 1), (said[30:], 1), ("\n", 2)):
        with hearing.path.open("a", encoding="utf-8") as file:
            file.write(part)
        hearing.listen()
        assert hearing.lines == lines
    assert hearing.last == STEP


@given(st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=8))
def test_noise_is_no_event(tmp_path_factory: pytest.TempPathFactory, noise: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("noise") / "progress.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in [json.dumps(PROBE).encode(), *noise]))
    hearing = Hearing(path)
    hearing.listen()
    assert hearing.lines == len(noise) + 1
    assert hearing.progress is not None
