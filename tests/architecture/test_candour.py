"""Nothing is left half done or silenced without a word: no stub, no mock, no `noqa` that does not say why."""

import ast
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, Module, modules, parsed

UNFINISHED = ("TODO", "FIXME", "XXX", "HACK")
MOCKS = ("unittest.mock", "mock", "pytest_mock")


def comments(text: str) -> Iterator[tuple[int, str]]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return ((token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT)


def silent(text: str) -> list[int]:
    """Lines where a rule is switched off, or a type ignored without its code, and nobody says why."""
    bare = ((line, comment) for line, comment in comments(text) if "noqa" in comment or "type: ignore" in comment)
    return [line for line, comment in bare if " - " not in comment and "type: ignore[" not in comment]


def unfinished(text: str) -> list[int]:
    return [line for line, comment in comments(text) if any(word in comment.split() for word in UNFINISHED)]


def stubs(module: Module) -> Iterator[str]:
    for raised in module.walk(ast.Raise):
        if raised.exc is not None and "NotImplemented" in ast.unparse(raised.exc):
            yield module.at(raised)


def imported(tree: ast.Module) -> set[str]:
    """Full names, so that `from unittest import mock` counts too."""
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return (
        names
        | {f"{node.module}.{alias.name}" for node in froms for alias in node.names}
        | {str(node.module) for node in froms}
    )


def test_no_rule_is_silenced_without_a_reason() -> None:
    assert [f"{m.path}:{line}" for m in modules() for line in silent(m.text)] == []


def test_nothing_is_left_to_do() -> None:
    assert [f"{m.path}:{line}" for m in modules() for line in unfinished(m.text)] == []
    assert [place for m in modules() for place in stubs(m)] == []


def test_no_test_uses_a_mock() -> None:
    files = {file: imported(ast.parse(file.read_text("utf-8"))) for file in (ROOT / "tests").rglob("*.py")}
    assert [str(file) for file, names in files.items() if names & set(MOCKS)] == []


def test_every_test_folder_is_a_package() -> None:
    folders: set[Path] = {file.parent for file in (ROOT / "tests").rglob("*.py")}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize("text", ["x = 1  # noqa: E501", "x = 1  # type: ignore", "x = 1  # noqa"])
def test_silence_is_found(text: str) -> None:
    assert silent(text) == [1]


@pytest.mark.parametrize("text", ["x = 1  # noqa: S603 - our own", "x = 1  # type: ignore[arg-type]", "x = '# noqa'"])
def test_a_reason_is_enough(text: str) -> None:
    assert silent(text) == []


def test_stubs_and_notes_to_self_are_found() -> None:
    assert [*stubs(parsed("def f():\n    raise NotImplementedError"))] == ["shadowbert/example.py:2"]
    assert unfinished("x = 1  # TODO later") == [1]
    assert imported(ast.parse("from unittest import mock")) & set(MOCKS)
