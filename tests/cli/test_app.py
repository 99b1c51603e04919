"""Every command is there, says what it does and refuses nonsense."""

import pytest
from typer.testing import CliRunner

from shadowbert import __version__
from shadowbert.cli.app import COMMANDS, app
from tests.cli.conftest import Shell


def test_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"{__version__}\n"


@pytest.mark.parametrize("name", [*COMMANDS, "db"])
def test_each_command_is_listed_and_has_help(name: str) -> None:
    listed = CliRunner().invoke(app, ["--help"]).stdout
    assert f" {name} " in listed
    result = CliRunner().invoke(app, [name, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.stdout
    assert "None" not in result.stdout, "no default is shown where there is none"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["status", "--set", "server.prot=1"], 'did you mean "port"'),
        (["show", "bank", "--set", "policy.target=2"], "policy.target"),
        (["cutover", "bank", "--set", "nonsense"], "should be KEY=VALUE"),
        (["doctor", "--config", "absent.toml"], "absent.toml"),
    ],
)
def test_bad_settings_are_one_line_and_exit_code_2(words: list[str], said: str, shell: Shell) -> None:
    assert said in shell.refused(*words, code=2)


@pytest.mark.parametrize(
    "words", [["status"], ["show", "bank"], ["cutover", "bank"], ["rollback", "bank"], ["retrain", "bank"]]
)
def test_without_a_database_the_command_that_makes_one_is_named(words: list[str], shell: Shell) -> None:
    (shell.folder / "shadowbert.db").unlink()
    said = shell.refused(*words)
    assert said.endswith("yet; start one: shadowbert serve")


def test_a_command_without_its_task_is_a_usage_error() -> None:
    result = CliRunner().invoke(app, ["cutover"])
    assert result.exit_code == 2
    assert "Missing argument" in result.stderr
