"""Modules and functions stay small enough to be read at one sitting."""

import ast

from tests.architecture.source import Module, modules, parsed

MODULE_LINES = 400
FUNCTION_LINES = 60


def long_functions(module: Module) -> list[str]:
    functions = module.walk(ast.FunctionDef, ast.AsyncFunctionDef)
    return [f"{module.at(f)} {f.name}" for f in functions if (f.end_lineno or 0) - f.lineno >= FUNCTION_LINES]


def test_no_module_is_long() -> None:
    assert [m.path for m in modules() if len(m.text.splitlines()) > MODULE_LINES] == []


def test_no_function_is_long() -> None:
    assert [place for m in modules() for place in long_functions(m)] == []


def test_a_long_function_is_found() -> None:
    body = "    x = 1\n"
    assert long_functions(parsed("def f():\n" + body * (FUNCTION_LINES - 1))) == []
    assert long_functions(parsed("async def f():\n" + body * FUNCTION_LINES)) == ["shadowbert/example.py:1 f"]


def test_every_module_says_what_it_does() -> None:
    assert [m.path for m in modules() if not ast.get_docstring(m.tree)] == []
