"""Whatever happens to an artifact's folder, it is refused before anything in it is opened."""

import json
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shadowbert.bert.serving.artifact import FILES, file_sha256, open_artifact, refers_outside
from shadowbert.errors import ArtifactInvalid


def rewrite(folder: Path, **changes: object) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))


def test_a_published_artifact_opens_with_its_contract(published: Path) -> None:
    artifact = open_artifact(published)
    assert artifact.contract.hash == "c1:test"
    assert set(artifact.manifest.files) == FILES
    assert artifact.manifest.cutoff == 1234
    assert artifact.manifest.examples.count == 120
    assert artifact.read("config.json") == (published / "config.json").read_bytes()


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "remove", "symlink", "folder"])
def test_damage_to_any_file_is_named(copied: Path, name: str, damage: str) -> None:
    path = copied / name
    content = path.read_bytes()
    if damage == "flip":
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    elif damage in ("truncate", "empty"):
        path.write_bytes(content[: len(content) // 2 if damage == "truncate" else 0])
    else:
        path.unlink()
        if damage == "symlink":
            elsewhere = copied.parent / "same-content"
            elsewhere.write_bytes(content)
            path.symlink_to(elsewhere)
        elif damage == "folder":
            path.mkdir()
    with pytest.raises(ArtifactInvalid, match=name):
        open_artifact(copied)


@pytest.mark.parametrize(
    "extra", ["weights.pkl", "libevil.so", "run.py", "student.onnx.data", "..hidden", "pytorch_model.bin"]
)
def test_a_file_that_was_not_published_is_refused(copied: Path, extra: str) -> None:
    (copied / extra).write_bytes(b"x")
    with pytest.raises(ArtifactInvalid, match="was not published"):
        open_artifact(copied)


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "sub/file", "evil.pkl", "", "student.onnx\0"])
def test_a_manifest_cannot_name_files_that_no_student_has(copied: Path, name: str) -> None:
    files = json.loads((copied / "manifest.json").read_text())["files"]
    rewrite(copied, files=files | {name: "0" * 64})
    with pytest.raises(ArtifactInvalid, match="which no student has"):
        open_artifact(copied)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format": 1}, "format"),
        ({"temperatures": [1.0]}, "one temperature a field"),
        ({"temperatures": [1.0, 0.0]}, "temperatures"),
        ({"temperatures": ["1.0", 1.0]}, "temperatures"),
        ({"contract": {"hash": "x"}}, "no contract"),
        ({"contract": {"hash": "x", "fields": {"path": 1}}}, "no contract"),
        ({"files": {}}, "does not list"),
        ({"surprise": 1}, "surprise"),
        ({"max_tokens": 0}, "max_tokens"),
    ],
)
def test_a_manifest_must_make_sense(copied: Path, changes: dict[str, object], sentence: str) -> None:
    rewrite(copied, **changes)
    with pytest.raises(ArtifactInvalid, match=sentence):
        open_artifact(copied)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\x80\x04.", b"null"])
def test_a_manifest_that_is_not_one(copied: Path, content: bytes) -> None:
    (copied / "manifest.json").write_bytes(content)
    with pytest.raises(ArtifactInvalid, match="manifest"):
        open_artifact(copied)


def test_without_manifest_or_folder(copied: Path) -> None:
    (copied / "manifest.json").unlink()
    with pytest.raises(ArtifactInvalid, match="never published whole"):
        open_artifact(copied)
    with pytest.raises(ArtifactInvalid, match="no such student folder"):
        open_artifact(copied / "nothing")


def test_an_older_artifact_has_no_card(copied: Path) -> None:
    files = json.loads((copied / "manifest.json").read_text())["files"]
    for name in ("card.json", "README.md", "rows.txt"):
        (copied / name).unlink()
        del files[name]
    rewrite(copied, files=files)
    assert open_artifact(copied).contract.hash == "c1:test"


def test_external_data_is_refused_even_with_the_right_hash(copied: Path) -> None:
    model = onnx.load(copied / "student.onnx")
    onnx.external_data_helper.convert_model_to_external_data(model, location="elsewhere.bin", size_threshold=0)
    (copied / "student.onnx").write_bytes(model.SerializeToString())
    files = json.loads((copied / "manifest.json").read_text())["files"]
    rewrite(copied, files=files | {"student.onnx": file_sha256(copied / "student.onnx")})
    with pytest.raises(ArtifactInvalid, match="outside itself"):
        open_artifact(copied)


def test_an_empty_model_refers_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.onnx").touch()
    assert not refers_outside(tmp_path / "empty.onnx")


def test_a_file_changed_after_opening_is_not_read(copied: Path) -> None:
    artifact = open_artifact(copied)
    (copied / "config.json").write_text("{}")
    with pytest.raises(ArtifactInvalid, match="sha256 differs"):
        artifact.read("config.json")
    (copied / "tokenizer.json").unlink()
    with pytest.raises(ArtifactInvalid, match="cannot be read"):
        artifact.read("tokenizer.json")


@pytest.fixture
def damaged(copied: Path) -> Callable[[int, int], None]:
    """Flips one bit of the manifest, from its original content each time."""
    original = (copied / "manifest.json").read_bytes()

    def damage(at: int, bit: int) -> None:
        content = bytearray(original)
        content[at % len(content)] ^= 1 << bit
        (copied / "manifest.json").write_bytes(content)

    return damage


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_bit_flip_in_the_manifest_is_refused_or_harmless(
    copied: Path, damaged: Callable[[int, int], None], at: int, bit: int
) -> None:
    damaged(at, bit)
    try:
        artifact = open_artifact(copied)
    except ArtifactInvalid:
        return
    assert {name: file_sha256(copied / name) for name in FILES} == artifact.manifest.files
