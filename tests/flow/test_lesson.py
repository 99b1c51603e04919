"""What the training child is given: near-duplicates together, the latest examples only."""

import json
from pathlib import Path

from shadowbert.bert.training.job import read_job
from shadowbert.curation.split import part_of
from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.records import ExampleRow
from shadowbert.flow.lesson import MAX_EXAMPLES, SPLITS, lesson
from shadowbert.flow.taught import MAX_CLIP

CONTRACT = Contract((Field(("label",), ("a", "b")),), "c1:test")


def example(text: str, seq: int = 0, *, weight: float = 1.0) -> ExampleRow:
    return ExampleRow(f"i1:{text}", text, (seq % 2,), seq, f"e{seq}", repeats=1, agreeing_repeats=1, weight=weight)


def test_near_duplicates_are_in_one_part_and_in_one_group() -> None:
    asked = [f"my order number {n} has not arrived yet, where is it" for n in range(6)]
    others = [f"{n} something else altogether {n * n}" for n in range(20)]
    lines = lesson([example(text, seq) for seq, text in enumerate([*others, *asked])])
    alike = lines[len(others) :]
    assert {line["group"] for line in alike} == {f"i1:{asked[0]}"}
    assert {line["split"] for line in alike} == {SPLITS[part_of(f"i1:{asked[0]}")]}
    assert {line["group"] for line in lines[: len(others)]} == {f"i1:{text}" for text in others}
    assert {line["split"] for line in lines} == {"train", "calibration", "heldout"}


def test_the_latest_are_learnt_and_dealt_as_the_eldest_that_is_known() -> None:
    texts = [
        "where is my blue card now",
        *(f"{n} {n + 1}" for n in range(MAX_EXAMPLES - 1)),
        "where is my blue card now?",
    ]
    lines = lesson([example(text, seq) for seq, text in enumerate(texts)])
    assert (len(lines), lines[0]["input"]) == (MAX_EXAMPLES, "0 1")
    assert lines[-1]["group"] == "i1:where is my blue card now"


def test_the_child_reads_what_is_written(tmp_path: Path) -> None:
    lines = lesson([example(f"text {n}", n, weight=1 + n) for n in range(40)])
    (tmp_path / "examples.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    order = {"contract": CONTRACT.to_json(), "cutoff": 40, "artifact_dir": str(tmp_path / "student")}
    (tmp_path / "job.json").write_text(json.dumps(order), "utf-8")
    examples = read_job(tmp_path).examples
    assert [row.group for row in examples] == [line["group"] for line in lines]
    assert [row.weight for row in examples] == [min(1 + n, MAX_CLIP) for n in range(40)]
