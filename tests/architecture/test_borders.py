"""What only a named place may do: print, read the environment, catch everything.

ruff says the same, but a `noqa` silences it: here the places are a list that a review sees change.
"""

import ast
from collections.abc import Callable, Iterator

import pytest

from tests.architecture.source import Module, modules, parsed

PRINTERS = frozenset({"shadowbert/cli/output.py"})
ENVIRONMENT_READERS = frozenset({"shadowbert/settings.py"})
ENVIRONMENT = frozenset(("environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"))
# The answer path fails open to the LLM; the worker's loop outlives a failed job.
CATCHERS = frozenset({"shadowbert/flow/choose.py", "shadowbert/worker/loop.py"})
BROAD = frozenset(("Exception", "BaseException"))
# Code execution on load, or on a bad day.
UNSAFE_MODULES = frozenset(("pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"))
UNSAFE_CALLS = frozenset(("eval", "exec", "compile", "__import__"))


def prints(module: Module) -> Iterator[str]:
    for node in module.walk(ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in ("print", "input", "breakpoint"):
            yield module.at(node)


def environment_reads(module: Module) -> Iterator[str]:
    for node in module.walk(ast.Attribute):
        if isinstance(node.value, ast.Name) and node.value.id == "os" and node.attr in ENVIRONMENT:
            yield module.at(node)
    for imported in module.walk(ast.ImportFrom):
        if imported.module == "os" and ENVIRONMENT & {alias.name for alias in imported.names}:
            yield module.at(imported)


def broad_catches(module: Module) -> Iterator[str]:
    """A handler that ends by raising hides nothing, so it counts as no border."""
    for handler in module.walk(ast.ExceptHandler):
        caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        names = {node.id for node in caught if isinstance(node, ast.Name)}
        if (handler.type is None or names & BROAD) and not isinstance(handler.body[-1], ast.Raise):
            yield module.at(handler)


def unsafe_loads(module: Module) -> Iterator[str]:
    for node in module.walk(ast.Import):
        if UNSAFE_MODULES & {alias.name.partition(".")[0] for alias in node.names}:
            yield module.at(node)
    for imported in module.walk(ast.ImportFrom):
        if (imported.module or "").partition(".")[0] in UNSAFE_MODULES:
            yield module.at(imported)
    for call in module.walk(ast.Call):
        if isinstance(call.func, ast.Name) and call.func.id in UNSAFE_CALLS:
            yield module.at(call)
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func) == "torch.load":
            yield module.at(call)


def test_only_the_output_prints() -> None:
    assert [place for m in modules() if m.path not in PRINTERS for place in prints(m)] == []


def test_only_the_settings_read_the_environment() -> None:
    assert [place for m in modules() if m.path not in ENVIRONMENT_READERS for place in environment_reads(m)] == []


def test_only_the_two_borders_catch_everything() -> None:
    assert [place for m in modules() if m.path not in CATCHERS for place in broad_catches(m)] == []


@pytest.mark.parametrize("path", sorted(CATCHERS))
def test_a_border_catches_everything_once(path: str) -> None:
    assert [len([*broad_catches(m)]) for m in modules() if m.path == path] == [1]


def test_nothing_is_loaded_that_could_run() -> None:
    assert [place for m in modules() for place in unsafe_loads(m)] == []


@pytest.mark.parametrize(
    ("find", "text"),
    [
        (prints, "def f():\n    print(1)"),
        (environment_reads, "import os\nx = os.environ['A']"),
        (environment_reads, "import os\nx = os.getenv('A')"),
        (environment_reads, "from os import environ"),
        (broad_catches, "try:\n    f()\nexcept Exception as e:\n    log(e)"),
        (broad_catches, "try:\n    f()\nexcept:\n    pass"),
        (broad_catches, "try:\n    f()\nexcept (OSError, BaseException):\n    pass"),
        (unsafe_loads, "import pickle"),
        (unsafe_loads, "from joblib import load"),
        (unsafe_loads, "torch.load('x')"),
        (unsafe_loads, "eval('1')"),
    ],
)
def test_each_breach_is_found(find: Callable[[Module], Iterator[str]], text: str) -> None:
    assert len([*find(parsed(text))]) == 1


@pytest.mark.parametrize(
    "text", ["try:\n    f()\nexcept Exception:\n    g()\n    raise", "try:\n    f()\nexcept OSError:\n    pass"]
)
def test_a_narrow_or_raising_handler_is_no_border(text: str) -> None:
    assert [*broad_catches(parsed(text))] == []
