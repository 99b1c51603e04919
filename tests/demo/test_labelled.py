import json
import re
from pathlib import Path

import pytest

from shadowbert.demo.dataset import Message
from shadowbert.demo.labelled import LEAST_MESSAGES, MAX_LABELS, Columns, labels_of, read_messages
from shadowbert.errors import ConfigError

COLUMNS = Columns("body", ("kind", "urgent"))


def write(path: Path, *, rows: int = LEAST_MESSAGES, extra: str = "") -> Path:
    """A good file, and one more line."""
    lines = [json.dumps({"body": f"text {n}", "kind": n % 3, "urgent": n % 2 == 0}) for n in range(rows)]
    path.write_text("\n".join(lines) + "\n" + extra, encoding="utf-8")
    return path


def complaint(path: Path, columns: Columns = COLUMNS) -> str:
    with pytest.raises(ConfigError) as caught:
        read_messages(path, columns)
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_reads_the_named_fields_in_order(tmp_path: Path) -> None:
    messages = read_messages(write(tmp_path / "a.jsonl", extra="\n\n"), COLUMNS)
    assert len(messages) == LEAST_MESSAGES
    assert messages[1] == Message("text 1", {"kind": 1, "urgent": False})


def test_of_equal_texts_the_first_counts_and_empty_ones_are_left_out(tmp_path: Path) -> None:
    again = '{"body": "text 0", "kind": 2, "urgent": true}\n{"body": "  ", "kind": 1, "urgent": true}'
    messages = read_messages(write(tmp_path / "a.jsonl", extra=again), COLUMNS)
    assert len(messages) == LEAST_MESSAGES
    assert messages[0].answer == {"kind": 0, "urgent": True}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"body": "x", "kind": 1}', "no field 'urgent'; its fields are body, kind"),
        ('{"body": 3, "kind": 1, "urgent": true}', "field 'body' is not a text"),
        ('{"body": "x", "kind": [1], "urgent": true}', "field 'kind' is no label"),
        ('{"body": "x", "kind": 1.5, "urgent": true}', "field 'kind' is no label"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    told = complaint(write(tmp_path / "a.jsonl", extra=line))
    assert f"line {LEAST_MESSAGES + 1}: " in told
    assert said in told


def test_too_few_messages(tmp_path: Path) -> None:
    said = complaint(write(tmp_path / "a.jsonl", rows=LEAST_MESSAGES - 1))
    assert f"{LEAST_MESSAGES - 1} different messages; at least {LEAST_MESSAGES}" in said


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("")
    assert "0 different messages" in complaint(tmp_path / "a.jsonl")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert re.search(r"none\.jsonl: cannot be read: No such file", complaint(tmp_path / "none.jsonl"))


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"body": "\xe9"}')
    assert "not UTF-8" in complaint(tmp_path / "a.jsonl")


def test_no_label_field(tmp_path: Path) -> None:
    assert complaint(write(tmp_path / "a.jsonl"), Columns("body", ())).startswith("--label")


def messages_with(labels: list[object]) -> list[Message]:
    return [Message(str(n), {"kind": label}) for n, label in enumerate(labels)]  # type: ignore[dict-item]


def test_labels_keep_their_types() -> None:
    assert labels_of(messages_with([True, 1, "1", None]), source="a")["kind"] == ("1", 1, None, True)


def test_as_many_labels_as_can_be_learnt() -> None:
    assert len(labels_of(messages_with(list(range(MAX_LABELS))), source="a")["kind"]) == MAX_LABELS
    with pytest.raises(ConfigError, match="field 'kind' has 201 labels; at most 200"):
        labels_of(messages_with(list(range(MAX_LABELS + 1))), source="a")


def test_one_label_teaches_nothing() -> None:
    with pytest.raises(ConfigError, match=r"a: field 'kind' has only the label \"x\""):
        labels_of(messages_with(["x", "x"]), source="a")
