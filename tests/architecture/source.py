"""The package's own source as data: parsed once, asked by every test of this folder."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "shadowbert"
_Node = TypeVar("_Node", bound=ast.AST)


@dataclass(frozen=True)
class Module:
    path: str
    """Relative to the repository, with slashes."""
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def at(self, node: ast.stmt | ast.expr | ast.excepthandler) -> str:
        return f"{self.path}:{node.lineno}"

    def walk(self, *kinds: type[_Node]) -> Iterator[_Node]:
        return (node for node in ast.walk(self.tree) if isinstance(node, kinds))


def parsed(text: str, path: str = "shadowbert/example.py") -> Module:
    return Module(path, text, ast.parse(text))


@cache
def modules() -> tuple[Module, ...]:
    files = sorted(PACKAGE.rglob("*.py"))
    return tuple(parsed(file.read_text("utf-8"), file.relative_to(ROOT).as_posix()) for file in files)
