"""The README tells people to type only what exists. It is read as it stands; an empty one claims nothing."""

import re

import pytest

from tests.architecture.source import ROOT
from tests.docker.truths import command_fault

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
BLOCK = re.compile(r"^```(?:sh|bash|console|shell)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def readme() -> str:
    return (ROOT / "README.md").read_text("utf-8")


def typed(text: str, program: str) -> list[str]:
    """What the text tells a person to type after this program: in shell blocks, and in `backticks`."""
    lines = [line.strip().removeprefix("$ ") for block in BLOCK.findall(text) for line in block.splitlines()]
    lines += re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
    uncommented = (re.split(r"\s+#|\s*[|&;>]", line)[0] for line in lines)
    return [line.removeprefix(program).strip() for line in uncommented if re.match(rf"{program}( |$)", line)]


def targets(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))


def missing_targets(text: str) -> list[str]:
    called = (word for line in typed(text, "make") for word in line.split() if "=" not in word)
    return [word for word in called if re.fullmatch(r"[a-z-]+", word) and word not in targets(MAKEFILE)]


def wrong_commands(text: str) -> list[str]:
    """A bare `shadowbert` is the product's name; a bare `shadowbert cutover` names the command without its operands."""
    faults = ((line, command_fault(line.split())) for line in typed(text, "shadowbert") if line)
    return [f"{line}: {fault}" for line, fault in faults if fault and not fault.startswith("Missing")]


def test_make_targets_exist() -> None:
    assert missing_targets(readme()) == []


def test_commands_exist() -> None:
    assert wrong_commands(readme()) == []


def test_every_target_is_phony_and_the_promised_ones_exist() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == targets(MAKEFILE)
    assert {"demo", "test", "check", "bench", "bench-streams", "lock", "clean"} == targets(MAKEFILE)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("```sh\nmake demo\nmake dmo  # oops\n```\n", ["dmo"]),
        ("type `make tests`, or `make test PYTHON=python3.12`", ["tests"]),
        ("we make peace", []),
    ],
)
def test_a_missing_target_is_found(text: str, found: list[str]) -> None:
    assert missing_targets(text) == found


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("`shadowbert serve --port 1` and `shadowbert`", 0),
        ("`shadowbert cutover` and `shadowbert cutover NAME --force`", 0),
        ("```console\n$ shadowbert frob\nsome output\n$ shadowbert serve --frob\n```\n", 2),
    ],
)
def test_a_wrong_command_is_found(text: str, wrong: int) -> None:
    assert len(wrong_commands(text)) == wrong
