"""The exported loader says what we serve, and needs nothing of ours."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shadowbert.bert.serving.artifact import open_artifact
from shadowbert.bert.serving.runtime import Student
from shadowbert.bert.serving.takeaway import write
from shadowbert.bert.training.job import read_job
from shadowbert.bert.training.train import train
from shadowbert.domain.student import Guess
from shadowbert.domain.template import SLOT_SEPARATOR
from shadowbert.errors import InputTooLong
from tests.bert.conftest import CONTRACT, MOODS, TOPICS, doubtful_examples, write_job
from tests.bert.loaders.conftest import opened

WITHOUT_US = "import sys, runpy; sys.modules['shadowbert'] = None; sys.argv = sys.argv[1:]; "
RUN = f"{WITHOUT_US}runpy.run_path(sys.argv[0], run_name='__main__')"
WORDS = [word for group in (*TOPICS.values(), *MOODS.values()) for word in group]


def alone(file: Path, *texts: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, isolated, in which shadowbert cannot be imported."""
    command = [sys.executable, "-I", "-c", RUN, str(file), *texts]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def as_said(guess: Guess) -> dict[str, object]:
    """A guess as the loader tells it."""
    said = {}
    for field, index in zip(CONTRACT.fields, guess.answer, strict=True):
        said[field.name] = field.labels[index] if index < len(field.labels) else "(left out)"
    sure = {field.name: own for field, own in zip(CONTRACT.fields, guess.confidences, strict=True)}
    return {"answer": said, "confidences": pytest.approx(sure, abs=1e-6), "joint": pytest.approx(guess.joint, abs=1e-6)}


@pytest.fixture(scope="session")
def of_pairs(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student whose inputs are two texts, and some of them longer than it reads."""
    examples = doubtful_examples(80)
    for number, example in enumerate(examples):
        first, _, second = str(example["input"]).partition(" ")
        example["input"] = f"{first * (1 + number % 3)} {first}{SLOT_SEPARATOR}{second} {'the ' * (number % 40)}"
    folder = write_job(tmp_path_factory.mktemp("jobs") / "pairs", tiny_encoder, examples, pairs=True, max_tokens=16)
    train(read_job(folder))
    write(folder / "artifact", folder / "export")
    return folder


def test_it_answers_in_a_process_without_us(exported: Path, published: Path) -> None:
    text = "send my card abroad now please"
    told = alone(exported / "student.py", text)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == as_said(Student(open_artifact(published)).guess(text))


def test_the_arguments_are_the_texts_of_one_input(of_pairs: Path) -> None:
    told = alone(of_pairs / "export" / "student.py", "card pin", "terrible, now")
    guess = Student(open_artifact(of_pairs / "artifact")).guess(f"card pin{SLOT_SEPARATOR}terrible, now")
    assert json.loads(told.stdout) == as_said(guess)


texts = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from([*WORDS, "[SEP]", "[CLS]", "?"]), max_size=70).map(" ".join),
    st.lists(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join), min_size=2, max_size=3).map(
        SLOT_SEPARATOR.join
    ),
    st.integers(200, 600).map(lambda length: "loan " * length),
)


class Both:
    """One student, served and taken away."""

    def __init__(self, artifact: Path, export: Path) -> None:
        self.served = Student(open_artifact(artifact))
        self.taken = opened(export / "student.py").Student(export)

    def agree(self, text: str) -> None:
        try:
            expected = self.served.guess(text)
        except InputTooLong:
            with pytest.raises(ValueError, match="longer than those"):
                self.taken(text)
        else:
            assert self.taken(text) == as_said(expected)


@pytest.fixture(scope="session")
def single(published: Path, exported: Path) -> Both:
    return Both(published, exported)


@pytest.fixture(scope="session")
def paired(of_pairs: Path) -> Both:
    return Both(of_pairs / "artifact", of_pairs / "export")


@settings(max_examples=80, deadline=None)
@given(text=texts)
def test_it_says_what_we_serve(text: str, single: Both) -> None:
    single.agree(text)


@settings(max_examples=80, deadline=None)
@given(text=texts)
def test_it_reads_pairs_as_we_do(text: str, paired: Both) -> None:
    paired.agree(text)


@pytest.mark.parametrize("name", ["student.onnx", "tokenizer.json"])
def test_a_file_that_was_changed_is_not_opened(name: str, published: Path, tmp_path: Path) -> None:
    write(published, tmp_path / "student")
    (tmp_path / "student" / name).write_bytes(b"{}")
    with pytest.raises(ValueError, match=f"{name} is not the file that was published"):
        opened(tmp_path / "student" / "student.py").Student(tmp_path / "student")


FIELDS = [
    {"path": [], "labels": [False, True], "required": True},
    {"path": ["a", "[x]"], "labels": [1, None], "required": False, "open": True},
    {"path": ["[y]"], "labels": ["z"], "required": True},
]


def test_fields_are_named_as_everywhere(exported: Path) -> None:
    folder = opened(exported / "student.py").Folder(exported)
    folder.fields, folder.manifest["temperatures"] = FIELDS, [1.0, 1.0, 1.0]
    told = folder.answer([0.0, 1.0, 0.0, 0.0, 0.0, 9.0, 0.0])
    assert told["answer"] == {"answer": True, "a[x]": "(something else)", "[y]": "z"}
    assert folder.answer([0.0, 1.0, 0.0, 0.0, 9.0, 0.0, 0.0])["answer"]["a[x]"] == "(left out)"
