"""Cards are read from files that anything may have happened to."""

import json
from pathlib import Path

import pytest

from shadowbert.bootstrap.cards import card_reader
from shadowbert.testing.cards import a_card


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "students" / "one" / "card.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(a_card().to_json()))
    return file


def test_a_card_is_read(file: Path, tmp_path: Path) -> None:
    assert card_reader(tmp_path)("students/one") == a_card()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff", b'{"agreed": 1}', b"null"])
def test_what_is_no_card_is_none(file: Path, tmp_path: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert card_reader(tmp_path)("students/one") is None


def test_no_file_is_no_card(tmp_path: Path) -> None:
    assert card_reader(tmp_path)("students/nobody") is None
