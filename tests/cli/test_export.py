"""`shadowbert export`: a student as a folder, or one line that says why not."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from transformers import AutoModelForSequenceClassification

from shadowbert.bert.training.job import read_job
from shadowbert.bert.training.train import train
from shadowbert.domain.contract import Contract
from shadowbert.store.store import Store
from shadowbert.testing.lineage import Lineage
from tests.architecture.source import ROOT
from tests.bert.conftest import CONTRACT, make_examples, tiny_encoder, write_job
from tests.cli.conftest import Shell

__all__ = ["tiny_encoder"]


@pytest.fixture(scope="session")
def artifact(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_job(tmp_path_factory.mktemp("jobs") / "job", tiny_encoder, make_examples(40))
    train(read_job(folder))
    return folder / "artifact"


@pytest.fixture
def student(shell: Shell, store: Store, line: Lineage, artifact: Path) -> Path:
    """Of task bank, where `serve` would have it."""
    line.student(artifact="students/one")
    return Path(shutil.copytree(artifact, shell.folder / "students" / "one"))


def test_it_is_written_where_it_is_asked_for(shell: Shell, student: Path, tmp_path: Path) -> None:
    said = shell("export", "bank", "--to", str(tmp_path / "mine")).stdout.splitlines()
    assert said == [
        f"bank: student 1 (probe, 200 examples) is in {tmp_path / 'mine'}",
        f'Try it without shadowbert: python {tmp_path / "mine" / "student.py"} "some text"',
    ]
    assert {"student.onnx", "student.py", "README.md"} <= {path.name for path in (tmp_path / "mine").iterdir()}
    assert "is in bank-student-1" in shell("export", "bank", "--student", "1").stdout
    assert Path("bank-student-1", "student.py").is_file()


def test_as_json(shell: Shell, student: Path) -> None:
    told = shell.json("export", "bank")
    assert (told["task"], told["student"], told["recipe"]) == ("bank", 1, "probe")
    assert {Path(told["folder"], name).is_file() for name in told["files"]} == {True}


def test_refusals_say_why_in_a_line(shell: Shell, student: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    refused = shell.refused("export", "bank", "--to", str(tmp_path / "mine"))
    assert refused.endswith("mine exists already, and nothing is overwritten: say another place with --to")
    assert shell.refused("export", "bank", "--student", "3") == "task bank has no student 3; there are 1"
    assert shell.refused("export", "bnak") == "no task is called 'bnak'; known tasks: bank"
    (tmp_path / "file").write_text("")
    refused = shell.refused("export", "bank", "--to", str(tmp_path / "file" / "below"))
    assert refused.endswith("file/below cannot be written: File exists")
    shutil.rmtree(student)
    assert shell.refused("export", "bank", "--to", str(tmp_path / "new")) == "one: there is no such student folder"
    assert not (tmp_path / "new").exists()


def test_no_student_yet(shell: Shell, line: Lineage) -> None:
    assert shell.refused("export", "bank").startswith("task bank has no student yet")


def test_a_task_may_be_called_anything(shell: Shell, student: Path, line: Lineage) -> None:
    shell("task", "rename", "bank", "../a b/ü")
    told = shell.json("export", "../a b/ü")
    assert Path(told["folder"]).name == "a-b-ü-student-1"


def test_for_transformers(shell: Shell, line: Lineage, tiny_encoder: Path) -> None:
    one = [example | {"answer": [example["answer"][0]]} for example in make_examples(40)]  # type: ignore[index]
    contract = Contract((CONTRACT.fields[0],), "c1:one").to_json()
    folder = write_job(shell.folder / "job", tiny_encoder, one, contract=contract)
    train(read_job(folder))
    line.student(artifact="job/artifact")
    said = shell("export", "bank", "--transformers").stdout.splitlines()
    assert said[-1] == (
        "In bank-student-1/transformers: encoder and heads for AutoModelForSequenceClassification, without words and "
        "neighbours"
    )
    model = AutoModelForSequenceClassification.from_pretrained("bank-student-1/transformers")
    assert list(model.config.id2label.values()) == ["card", "loan", "other", "transfer"]


def test_or_the_reason_why_not(shell: Shell, student: Path) -> None:
    """The student of these tests has two fields."""
    reason = "only for one field, mean pooling and bert, roberta, xlm-roberta, distilbert, modernbert; see modeling.py"
    assert (
        shell.json("export", "bank", "--transformers", "--to", "one")["transformers_refused"]
        == reason + " for all others"
    )
    assert not Path("one", "transformers").exists()


def test_what_the_readme_tells_to_type(shell: Shell, student: Path, line: Lineage) -> None:
    shell("task", "rename", "bank", "ticket")
    section = (ROOT / "README.md").read_text("utf-8").partition("### Take a student away")[2]
    lines = section.partition("```sh\n")[2].partition("```")[0].splitlines()
    assert len(lines) == 4
    for words in (shlex.split(line, comments=True) for line in lines):
        if words[0] == "shadowbert":
            assert shell(*words[1:]).exit_code == 0
        else:
            answered = subprocess.run([sys.executable, *words[1:]], capture_output=True, text=True, check=True)
            assert set(json.loads(answered.stdout)) == {"answer", "confidences", "joint"}
