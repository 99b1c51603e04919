"""The whole demonstration on somebody's small labelled file: real processes, a real training, the real gate."""

import io
import json
import random
from pathlib import Path

import pytest
from rich.console import Console

from shadowbert.demo.labelled import Columns
from shadowbert.demo.run import Options, run

WORDS = {
    "kitchen": ("kettle", "frying pan", "oven", "toaster", "chopping board", "saucepan", "whisk", "corkscrew"),
    "garden": ("lawn mower", "rake", "hedge", "flower bed", "watering can", "spade", "greenhouse", "wheelbarrow"),
}
FRAMES = (
    "How do I clean the {thing} {when}?",
    "The {thing} broke {when} and I am cross about it",
    "please tell me {when} what a new {thing} costs",
    "Somebody left the {thing} outside {when}",
    "{when} we bought a {thing} for my sister",
)
WHEN = (
    "today",
    "last week",
    "in May",
    "on Sunday",
    "at noon",
    "after the party",
    "two days ago",
    "before breakfast",
    "for months",
    "in the rain",
    "again",
    "at night",
)


def write(path: Path) -> Path:
    rows = [
        {"said": frame.format(thing=thing, when=when), "place": place}
        for place, things in WORDS.items()
        for thing in things
        for frame in FRAMES
        for when in WHEN
    ]
    chosen = random.Random(7).sample(rows, 900)
    path.write_text("".join(json.dumps(row) + "\n" for row in chosen), encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_student_takes_over_and_every_promise_is_kept(tmp_path: Path) -> None:
    out = io.StringIO()
    options = Options(
        data=write(tmp_path / "mine.jsonl"), columns=Columns("said", ("place",)), keep=tmp_path / "kept", patience_s=300
    )
    code = run(options, Console(file=out, width=160))
    said = out.getvalue()
    assert code == 0, said
    assert "every promise was kept" in said
    assert "the LLM was simulated" in said
    assert "shadow → canary 5 %" in said
    assert "canary → live" in said
    assert (tmp_path / "kept" / "shadowbert.db").is_file()
