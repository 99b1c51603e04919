import json
from pathlib import Path

import pytest

from shadowbert.demo.corpus import labelled_file, tickets
from shadowbert.demo.labelled import Columns
from shadowbert.errors import ConfigError


def test_tickets_have_three_fields() -> None:
    dataset = tickets()
    assert len(dataset.messages) >= 1500
    assert len(dataset.fields["intent"]) >= 10
    assert dataset.fields["urgency"] == ("high", "low", "normal")
    assert dataset.fields["needs_human"] == (False, True)


def test_every_part_of_the_tickets_holds_every_intent() -> None:
    """The file is in no order of labels: what is learnt from is like what comes later."""
    messages = tickets().messages
    for part in (messages[:1000], messages[1000:2560], messages[2560:]):
        assert len({message.answer["intent"] for message in part}) == len(tickets().fields["intent"])


@pytest.fixture
def sorted_file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps({"q": f"text {n}", "kind": f"k{n // 450}"}) + "\n" for n in range(900)))
    return path


def test_a_sorted_file_is_shuffled_the_same_way_each_time(sorted_file: Path) -> None:
    columns = Columns("q", ("kind",))
    first, second = (labelled_file(sorted_file, columns, seed=1) for _ in range(2))
    assert first.messages == second.messages
    assert len({message.answer["kind"] for message in first.messages[:50]}) == 2
    assert {message.text for message in first.messages} == {f"text {n}" for n in range(900)}


def test_the_instruction_names_the_fields(sorted_file: Path) -> None:
    assert "kind" in labelled_file(sorted_file, Columns("q", ("kind",)), seed=0).instruction


def test_a_field_with_one_label_is_refused(sorted_file: Path) -> None:
    lines = sorted_file.read_text().replace("k1", "k0")
    sorted_file.write_text(lines)
    with pytest.raises(ConfigError, match="nothing to learn"):
        labelled_file(sorted_file, Columns("q", ("kind",)), seed=0)
