import multiprocessing
import os
from pathlib import Path

import pytest

from shadowbert.admin_token import ensure_admin_token, read_admin_token
from shadowbert.errors import ConfigError


def test_the_first_start_makes_it_for_the_owner_alone(tmp_path: Path) -> None:
    path = ensure_admin_token(tmp_path / "data")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert len(read_admin_token(path)) == 43


def test_later_starts_keep_it(tmp_path: Path) -> None:
    token = read_admin_token(ensure_admin_token(tmp_path))
    assert read_admin_token(ensure_admin_token(tmp_path)) == token
    assert [path.name for path in tmp_path.iterdir()] == ["admin-token"]


def test_two_houses_have_two_tokens(tmp_path: Path) -> None:
    one, two = ensure_admin_token(tmp_path / "one"), ensure_admin_token(tmp_path / "two")
    assert read_admin_token(one) != read_admin_token(two)


def _race(data_dir: Path, turns: int) -> list[str]:
    return [read_admin_token(ensure_admin_token(data_dir / str(turn))) for turn in range(turns)]


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        seen = pool.starmap(_race, [(tmp_path, 100)] * 3, chunksize=1)
    assert seen[0] == seen[1] == seen[2]
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"admin-token"}


def test_a_token_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = ensure_admin_token(tmp_path)
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        ensure_admin_token(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff"])
def test_a_file_without_a_token_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "admin-token"
    os.close(os.open(path, os.O_CREAT, 0o600))
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="admin token is"):
        ensure_admin_token(tmp_path)


def test_a_place_that_cannot_hold_it_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be made"):
        ensure_admin_token(tmp_path / "file")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_admin_token(tmp_path / "absent")
