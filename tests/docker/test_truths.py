"""What the lint believes of settings, commands and files is so."""

import pytest

from tests.docker.truths import Effective, command_fault, effective, unseen


def test_the_settings_speak_for_themselves() -> None:
    seen = effective({"SHADOWBERT_SERVER__PORT": "9", "SHADOWBERT_SERVER__HOST": "0.0.0.0", "PATH": "/nowhere"})
    assert isinstance(seen, Effective)
    assert (seen.port, seen.loopback) == (9, False)
    assert effective({"SHADOWBERT_SERVER__PROT": "9"}) == (
        'variable SHADOWBERT_SERVER__PROT: unknown; did you mean "SHADOWBERT_SERVER__PORT"?'
    )


@pytest.mark.parametrize("line", ["--help", "--version", "serve", "serve --help", "db upgrade", "cutover NAME --force"])
def test_a_command_line_of_ours(line: str) -> None:
    assert command_fault(line.split()) is None


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("nope", "No such command: nope"),
        ("nope --help", "No such command: nope --help"),
        ("db nope", "No such command: db nope"),
        ("serve --nope", "No such option: --nope"),
        ("serve extra", "unexpected extra argument"),
        ("cutover", "Missing"),
    ],
)
def test_a_command_line_of_nobody(line: str, fault: str) -> None:
    assert fault in str(command_fault(line.split()))


def test_a_path_must_reach_the_builder() -> None:
    assert unseen("shadowbert", ".gitignore", "docker/Dockerfile.dockerignore") is None
    assert unseen("tests", ".gitignore") is None
    assert unseen("tests", "docker/Dockerfile.dockerignore") == "is ignored by docker/Dockerfile.dockerignore"
    assert unseen("nothing", ".gitignore") == "does not exist"
