import io
from pathlib import Path

import pytest
from rich.console import Console

from shadowbert.demo.labelled import Columns
from shadowbert.demo.run import Options, run
from shadowbert.errors import ConfigError


def test_a_directory_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(ConfigError, match="is not an empty directory"):
        run(Options(keep=tmp_path), Console(file=io.StringIO()))
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_file_is_no_directory_to_keep_things_in(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(ConfigError, match="is not an empty directory"):
        run(Options(keep=tmp_path / "mine"), Console(file=io.StringIO()))


def test_an_upstream_that_is_no_url(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--upstream: .*http"):
        run(Options(upstream="ftp://somewhere", keep=tmp_path / "kept"), Console(file=io.StringIO()))


def test_a_file_that_cannot_be_read_is_said_before_anything_starts(tmp_path: Path) -> None:
    options = Options(data=tmp_path / "none.jsonl", columns=Columns("text", ("label",)), keep=tmp_path / "kept")
    with pytest.raises(ConfigError, match="cannot be read"):
        run(options, Console(file=io.StringIO()))
    assert not (tmp_path / "kept").exists()


def test_a_real_api_needs_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    options = Options(upstream="https://api.example.com/v1", keep=tmp_path / "kept")
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        run(options, Console(file=io.StringIO()))
    assert not (tmp_path / "kept").exists()
