"""A student on real artifacts: what it says, what it counts, what it refuses."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from shadowbert.bert.serving.artifact import file_sha256, open_artifact
from shadowbert.bert.serving.runtime import Student
from shadowbert.errors import ArtifactInvalid, InputTooLong, StudentError
from tests.bert.conftest import make_examples


@pytest.fixture(scope="module")
def student(published: Path) -> Student:
    return Student(open_artifact(published))


def reseal(folder: Path, **changes: object) -> None:
    """Make the manifest fit the changed files, as a forger would."""
    manifest = json.loads((folder / "manifest.json").read_text()) | changes
    manifest["files"] = {name: file_sha256(folder / name) for name in manifest["files"]}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def edit_head(folder: Path, name: str, change: float) -> None:
    model = onnx.load(folder / "student.onnx")
    for tensor in model.graph.initializer:
        if tensor.name == name:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * np.float32(change), name))
    onnx.save(model, folder / "student.onnx")


def test_it_learnt_what_the_words_mean(student: Student) -> None:
    fresh = make_examples(100, seed=99)
    right = sum(student.guess(str(e["input"])).answer == tuple(e["answer"]) for e in fresh)
    assert right >= 90


def test_labels_never_seen_are_never_guessed(student: Student) -> None:
    other, left_out = 2, 2
    for example in make_examples(50, seed=5):
        topic, urgent = student.guess(str(example["input"])).answer
        assert (topic, urgent) not in [(other, urgent), (topic, left_out)]


def test_a_guess_is_calibrated_per_field_and_jointly(student: Student) -> None:
    guess = student.guess("my card is angry now")
    assert guess.joint == pytest.approx(guess.confidences[0] * guess.confidences[1])
    assert all(0 < confidence <= 1 for confidence in guess.confidences)


def test_the_same_text_gets_the_same_guess(student: Student) -> None:
    assert len({student.guess("send the loan") for _ in range(5)}) == 1


def test_what_it_cannot_read_whole_it_answers_up_to_the_length_it_was_judged_on(copied: Path) -> None:
    """24 tokens, two of them special; a hundred and thirty characters."""
    reseal(copied, longest=len("card " * 30))
    student = Student(open_artifact(copied))
    assert student.guess("card " * 30).joint > 0
    assert student.guess("c" * 200).joint > 0, "one word"
    for over in (31, 500, 100_000):
        with pytest.raises(InputTooLong):
            student.guess("card " * over)


def test_head_and_tail_decide_and_not_the_middle(copied: Path) -> None:
    reseal(copied, longest=10_000)
    student = Student(open_artifact(copied))
    head, tail = "loan rate borrow repay mortgage", " ".join(["the loan is about my mortgage"] * 3)
    plain, stuffed = (student.guess(f"{head} {'swipe ' * often}{tail}") for often in (10, 300))
    assert plain == stuffed
    assert plain.answer[0] == 1


@pytest.mark.parametrize(
    "text", ["", "\0", "\ud83d\ude42".encode("utf-16", "surrogatepass").decode("utf-16"), "你好", "\n" * 99]
)
def test_any_text_gets_some_guess(student: Student, text: str) -> None:
    assert 0 < student.guess(text).joint <= 1


def test_it_proves_itself_on_loading(copied: Path) -> None:
    edit_head(copied, "heads.weight", -1)
    reseal(copied)
    with pytest.raises(ArtifactInvalid, match="does not predict here"):
        Student(open_artifact(copied))


def test_golden_predictions_must_fit_the_contract(copied: Path) -> None:
    reseal(copied, golden=[{"text": "x", "answer": [0], "confidences": [1.0]}])
    with pytest.raises(ArtifactInvalid, match="does not fit"):
        Student(open_artifact(copied))
    reseal(copied, golden=[{"text": "x", "answer": [0, 9], "confidences": [1.0, 1.0]}])
    with pytest.raises(ArtifactInvalid, match="does not predict here"):
        Student(open_artifact(copied))


def test_nan_weights_are_refused_on_loading_and_on_guessing(copied: Path) -> None:
    edit_head(copied, "heads.bias", float("nan"))
    reseal(copied)
    with pytest.raises(ArtifactInvalid, match="not a number"):
        Student(open_artifact(copied))
    reseal(copied, golden=[])
    unproven = Student(open_artifact(copied))
    with pytest.raises(StudentError, match="not a number"):
        unproven.guess("card")


def test_a_graph_of_another_contract_is_refused(copied: Path) -> None:
    contract = open_artifact(copied).contract.to_json()
    fields = contract["fields"]
    assert isinstance(fields, list)
    fields[0]["labels"].append("zebra")
    reseal(copied, contract=contract)
    with pytest.raises(ArtifactInvalid, match="7 outputs, its contract 8"):
        Student(open_artifact(copied))


@pytest.mark.parametrize(
    ("name", "sentence"), [("student.onnx", "ONNX graph cannot be loaded"), ("tokenizer.json", "tokenizer cannot")]
)
@pytest.mark.parametrize("content", [b"\x80\x04cos\nsystem\n.", b"{}", b""])
def test_files_that_are_something_else_are_refused(copied: Path, name: str, sentence: str, content: bytes) -> None:
    (copied / name).write_bytes(content)
    reseal(copied)
    with pytest.raises(ArtifactInvalid, match=sentence):
        Student(open_artifact(copied))


def test_operators_of_other_domains_cannot_be_loaded(copied: Path) -> None:
    model = onnx.load(copied / "student.onnx")
    model.graph.node[-1].domain = "evil.custom"
    model.opset_import.append(onnx.helper.make_opsetid("evil.custom", 1))
    onnx.save(model, copied / "student.onnx")
    reseal(copied)
    with pytest.raises(ArtifactInvalid, match="cannot be loaded"):
        Student(open_artifact(copied))
