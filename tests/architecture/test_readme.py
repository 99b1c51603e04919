"""The README tells people to type only what exists. It is read as it stands; an empty one claims nothing."""

import re
import shlex
from itertools import takewhile

import pytest

from tests.architecture.source import ROOT
from tests.docker.truths import command_fault

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
SHELL = frozenset(("|", "&", "&&", "||", ";", ">", ">>"))
BLOCK = re.compile(r"^```(?:sh|bash|console|shell)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def readme() -> str:
    return (ROOT / "README.md").read_text("utf-8")


def typed(text: str, program: str) -> list[list[str]]:
    """The arguments that the text tells a person to give this program: in shell blocks, and in `backticks`."""
    lines = [line.strip().removeprefix("$ ") for block in BLOCK.findall(text) for line in block.splitlines()]
    lines += re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
    commands = (shlex.split(line, comments=True) for line in lines if re.match(rf"{program}( |$)", line))
    return [[*takewhile(lambda word: word not in SHELL, words[1:])] for words in commands]


def targets(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))


def missing_targets(text: str) -> list[str]:
    called = (word for words in typed(text, "make") for word in words if "=" not in word and not word.startswith("-"))
    return [word for word in called if word not in targets(MAKEFILE)]


def wrong_commands(text: str) -> list[str]:
    """A bare `shadowbert` is the product's name; a bare `shadowbert cutover` names the command without its operands."""
    faults = ((words, command_fault(words)) for words in typed(text, "shadowbert") if words)
    return [f"{' '.join(words)}: {fault}" for words, fault in faults if fault and not fault.startswith("Missing")]


def test_make_targets_exist() -> None:
    assert missing_targets(readme()) == []


def test_commands_exist() -> None:
    assert wrong_commands(readme()) == []


def test_every_target_is_phony_and_the_promised_ones_exist() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == targets(MAKEFILE)
    tests = {
        "test",
        "test-clients",
        "test-suites",
        "bench",
        "bench-gate",
        "bench-training",
        "bench-savings",
        "bench-shuffles",
        "bench-students",
    }
    assert {"install", "demo", "check", "lock", "clean"} | tests == targets(MAKEFILE)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("```sh\nmake demo\nmake dmo  # oops\n```\n", ["dmo"]),
        ("type `make tests`, or `make test PYTHON=python3.12`", ["tests"]),
        ('`make TORCH="torch==2 --from <the index>" demo`, `make -k check`', []),
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
