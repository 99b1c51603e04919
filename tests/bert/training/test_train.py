"""A training from job to artifact, in this process, on the tiny encoder."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from shadowbert.bert.serving.artifact import open_artifact
from shadowbert.bert.serving.runtime import Student
from shadowbert.bert.training import frozen, ladder, tuned, variants
from shadowbert.bert.training import publish as publishing
from shadowbert.bert.training import train as training
from shadowbert.bert.training.experts import Experts
from shadowbert.bert.training.export import attach_experts
from shadowbert.bert.training.job import read_job
from shadowbert.bert.training.publish import ids_sha256
from shadowbert.bert.training.train import train
from shadowbert.errors import ArtifactInvalid, TrainingFailed
from shadowbert.gating.threshold import Scored, propose
from tests.bert.conftest import CONTRACT, MakeJob, doubtful_examples, make_examples, the_last


def heldout(artifact: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (artifact / "heldout.jsonl").read_text().splitlines()]


def test_the_artifact_says_what_it_is(published: Path) -> None:
    manifest = open_artifact(published).manifest
    assert manifest.recipe == "probe"
    assert manifest.examples.sha256 == ids_sha256(f"e{i}" for i in range(120))
    assert manifest.scores["rows"] == 120
    assert manifest.scores["agreement"] == manifest.scores["probe.agreement"] >= 0.9
    assert manifest.scores["export_gap"] < 1e-3
    assert {"agreement.topic", "agreement.urgent", "int8_keeps_sure", "int8_keeps_all", "int8.ms", "fp32.ms"} <= set(
        manifest.scores
    )


def test_the_probe_offers_every_row_out_of_fold(published: Path) -> None:
    rows = heldout(published)
    assert [row["id"] for row in rows] == [f"e{i}" for i in range(120)]
    truth = {e["id"]: e["answer"] for e in make_examples(120)}
    for row in rows:
        assert row["agreed"] == (row["answer"] == truth[row["id"]])
        first, second = row["confidences"]
        assert row["joint"] == pytest.approx(first * second, abs=1e-5)


def test_the_weights_are_those_that_serve(published: Path) -> None:
    tensors = load_file(published / "weights.safetensors")
    assert tensors["heads.0.labels"].tolist() == [0, 1, 3]
    assert tensors["heads.0.weight"].shape == (3, 32)
    assert "encoder.embeddings.word_embeddings.weight" in tensors


def test_experts_with_a_share_are_in_the_artifact(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen, "fit_shares", lambda *_: [(0.5, 0.0), (0.0, 0.4)])
    folder, outputs = make_job(40), sum(field.classes for field in CONTRACT.fields)
    told = train(read_job(folder)).scores
    assert (told["share.words.topic"], told["share.neighbours.urgent"]) == (0.5, 0.4)
    tensors = load_file(folder / "artifact" / "weights.safetensors")
    rows, columns = tensors["words.table"].shape
    assert columns == outputs + 1
    assert tensors["words.index"].max() == rows - 1
    assert not tensors["words.table"][0].any()
    assert tensors["neighbours.bank"].shape == (40, 32)
    assert tensors["neighbours.outcomes"].sum(axis=1).tolist() == [2] * 40
    assert tensors["neighbours.shares"].tolist() == pytest.approx([0, 0.4])


def test_an_expert_that_says_nothing_is_left_out(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen, "fit_shares", lambda *_: [(0.0, 0.0), (0.0, 0.0)])
    folder = make_job(40)
    train(read_job(folder))
    names = load_file(folder / "artifact" / "weights.safetensors")
    assert {name.partition(".")[0] for name in names} == {"encoder", "heads"}
    assert len(Student(open_artifact(folder / "artifact")).guess("card").answer) == 2


@pytest.mark.parametrize("forgotten", ["words", "neighbours"])
def test_a_graph_that_says_other_than_its_parts_is_not_published(
    forgotten: str, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(source: Path, target: Path, experts: Experts) -> None:
        attach_experts(source, target, replace(experts, **{forgotten: None}))

    monkeypatch.setattr(publishing, "attach_experts", forgetful)
    monkeypatch.setattr(frozen, "fit_shares", lambda *_: [(0.5, 0.5), (0.5, 0.5)])
    with pytest.raises(TrainingFailed, match="differs from its parts"):
        train(read_job(make_job(40)))


def test_no_text_of_an_example_is_in_the_artifact(published: Path) -> None:
    content = b"".join(path.read_bytes() for path in published.iterdir())
    assert not [e for e in make_examples(120) if str(e["input"]).encode() in content]


def test_both_recipes_are_reported_and_the_better_is_published(
    make_job: MakeJob, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = train(read_job(make_job(examples=doubtful_examples(80), recipes=["probe", "finetune"])))
    both = {recipe: manifest.scores[f"{recipe}.agreement"] for recipe in ("probe", "finetune")}
    assert manifest.scores["agreement"] == max(both.values())
    assert manifest.recipe == ("finetune" if both["finetune"] > both["probe"] else "probe")
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = [event["event"] for event in events if event["event"] != "step"]
    assert told[:2] == ["encoding", "candidate"]
    first = told[2 : told.index("candidate", 2)]
    assert 2 <= first.count("epoch") == len(first) <= ladder.settings("finetune", 48, seed=0).epochs
    steps = [event for event in events if event["event"] == "step"]
    assert {("encoding", 80), ("encoding", 16)} < {(step["phase"], step["of"]) for step in steps}
    assert {step["phase"] for step in steps} >= {"encoding", "fine-tuning"}


def test_a_fine_tuned_student_serves(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "choose", the_last)
    examples = doubtful_examples(80)
    folder = make_job(examples=examples, recipes=["probe", "finetune"])
    assert train(read_job(folder)).recipe == "finetune"
    student = Student(open_artifact(folder / "artifact"))
    rows = {row["id"]: row for row in heldout(folder / "artifact")}
    told = json.loads((folder / "artifact" / "card.json").read_text())
    assert told["settings"]["folds"] == 8, "the first run's rows and seven parts"
    assert [*rows] == [example["id"] for example in examples], "every row is guessed by one that has not learnt it"
    joints = [row["joint"] for row in rows.values()]
    assert max(joints) - min(joints) > 0.3
    said = {example["id"]: student.guess(str(example["input"])).answer for example in examples if example["id"] in rows}
    same = sum(list(answer) == rows[key]["answer"] for key, answer in said.items())
    assert same >= 0.75 * len(rows), "what is served knows a quarter more, and is much the same"


def test_a_fine_tuned_student_is_scored_by_what_has_not_learnt_the_row(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers that follow from nothing can be learnt by heart, and not be guessed."""
    monkeypatch.setattr(training, "choose", the_last)
    rng = np.random.default_rng(0)
    examples = [example | {"answer": [int(rng.integers(4)), 0]} for example in make_examples(120)]
    folder = make_job(examples=examples, recipes=["probe", "finetune"])
    train(read_job(folder))
    assert len(heldout(folder / "artifact")) == len(examples)
    assert sum(bool(row["agreed"]) for row in heldout(folder / "artifact")) < 0.45 * len(examples)


def test_where_the_held_out_rows_are_enough_no_others_are_guessed(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "choose", the_last)
    monkeypatch.setattr(tuned, "ENOUGH", 32)
    examples = make_examples(80)
    folder = make_job(examples=examples, recipes=["probe", "finetune"])
    train(read_job(folder))
    judged = [example["id"] for example in examples if example["split"] != "train"]
    assert [row["id"] for row in heldout(folder / "artifact")] == judged


@pytest.mark.parametrize("recipes", [["probe"], ["probe", "finetune"]])
def test_its_confidences_part_what_may_be_served_from_what_may_not(
    recipes: list[str], make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "choose", the_last)
    folder = make_job(examples=doubtful_examples(300), recipes=recipes)
    assert train(read_job(folder)).recipe == recipes[-1]
    rows = [Scored(row["joint"], row["agreed"]) for row in heldout(folder / "artifact")]
    proposal = propose(rows, 0.9, alpha=0.05, horizon=10_000)
    assert proposal is not None
    sure = [row.agreed for row in rows if row.confidence >= proposal.threshold]
    assert 0.2 * len(rows) < len(sure) < len(rows)
    assert sum(sure) / len(sure) > sum(row.agreed for row in rows) / len(rows)


def test_a_fine_tuned_student_has_learnt_every_row(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "choose", the_last)
    examples = [
        example | ({"answer": [2, 1]} if example["split"] == "heldout" and number % 2 else {})
        for number, example in enumerate(make_examples(80))
    ]
    folder = make_job(examples=examples, recipes=["probe", "finetune"])
    manifest = train(read_job(folder))
    assert manifest.scores["agreement"] <= 0.9  # the first run has not seen that label
    assert load_file(folder / "artifact" / "weights.safetensors")["heads.0.labels"].tolist() == [0, 1, 2, 3]


def test_fp32_serves_where_int8_loses_answers(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variants, "_tolerable", lambda *_: False)
    folder = make_job(60)
    assert train(read_job(folder)).variant == "fp32"
    assert len(Student(open_artifact(folder / "artifact")).guess("card").answer) == 2


def test_all_answers_alike_make_a_constant_student(make_job: MakeJob) -> None:
    examples = [example | {"answer": [1, 0]} for example in make_examples(40)]
    folder = make_job(examples=examples)
    train(read_job(folder))
    guess = Student(open_artifact(folder / "artifact")).guess("anything")
    assert (guess.answer, guess.joint) == ((1, 0), 1.0)


def test_without_calibration_rows_the_heldout_ones_calibrate(make_job: MakeJob) -> None:
    examples = [e | {"split": "heldout" if e["split"] == "calibration" else e["split"]} for e in make_examples(60)]
    manifest = train(read_job(make_job(examples=examples, recipes=["probe", "finetune"])))
    assert manifest.scores["rows"] == 60


def test_nothing_is_left_where_publishing_fails(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    def unlike(*_: object, **__: object) -> float:
        raise ArtifactInvalid("not today")

    monkeypatch.setattr(publishing, "Student", unlike)
    folder = make_job(40)
    with pytest.raises(ArtifactInvalid, match="not today"):
        train(read_job(folder))
    assert sorted(path.name for path in folder.iterdir()) == ["examples.jsonl", "job.json"]


@pytest.mark.parametrize("missing", ["model.safetensors", "tokenizer.json", "config.json"])
def test_an_encoder_that_is_not_whole(make_job: MakeJob, tmp_path: Path, missing: str) -> None:
    (tmp_path / "half").mkdir()
    for name in {"model.safetensors", "tokenizer.json", "config.json"} - {missing}:
        (tmp_path / "half" / name).touch()
    with pytest.raises(TrainingFailed, match=f"has no {missing}"):
        train(read_job(make_job(40, encoder=str(tmp_path / "half"))))
