"""`shadowbert db upgrade`, and what other commands say before it."""

import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Shell


def spoil(shell: Shell, revision: str) -> None:
    with sqlite3.connect(shell.folder / "shadowbert.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.close()


@pytest.mark.parametrize("words", [["status"], ["show", "bank"], ["pause", "bank"]])
def test_a_database_without_a_schema_names_the_command(words: list[str], tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    (tmp_path / "shadowbert.db").touch()
    assert shell.refused(*words, code=2).endswith("run: shadowbert db upgrade")


def test_upgrade_makes_and_repeats(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "fresh")
    assert shell("db", "upgrade").stdout.startswith("the database is at revision ")
    assert shell.json("db", "upgrade") == shell.json("db", "upgrade")
    assert shell("status").exit_code == 0
    assert (tmp_path / "fresh" / "shadowbert.db").stat().st_mode & 0o077 == 0


def test_a_newer_database_is_not_touched(shell: Shell) -> None:
    spoil(shell, "v9_9_9")
    for words in (["status"], ["db", "upgrade"]):
        assert "which this program does not know; upgrade shadowbert itself" in shell.refused(*words, code=2)


def test_a_file_that_is_no_database(shell: Shell) -> None:
    (shell.folder / "shadowbert.db").write_bytes(b"not a database, but long enough to look at" * 20)
    assert "the database refused" in shell.refused("status")
