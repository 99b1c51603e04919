"""No module holds state: what stands at the top of one is a constant, and nobody writes to it."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import Module, modules, parsed

DISPLAYS = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
CONSTRUCTORS = frozenset(
    ("dict", "list", "set", "bytearray", "defaultdict", "deque", "Counter", "OrderedDict", "count", "Lock", "local")
)
ADDERS = frozenset(("append", "appendleft", "add", "update", "setdefault", "insert", "extend"))
REMOVERS = frozenset(("pop", "popitem", "popleft", "remove", "discard", "clear", "sort", "reverse"))
MUTATORS = ADDERS | REMOVERS


def kept_state(module: Module) -> list[str]:
    constants = dict(_mutable_names(module))
    named = [f"{place} {name} is mutable and not a constant" for name, place in constants.items() if not _shouts(name)]
    written = [f"{module.at(node)} writes {node.id}" for node in _written(module) if node.id in constants]
    declared = [f"{module.at(node)} global {', '.join(node.names)}" for node in module.walk(ast.Global)]
    return named + written + declared


def _shouts(name: str) -> bool:
    return name.isupper() or name == "__all__"


def _mutable_names(module: Module) -> Iterator[tuple[str, str]]:
    for node in module.tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and _is_mutable(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((target.id, module.at(node)) for target in targets if isinstance(target, ast.Name))


def _is_mutable(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        called = value.func
        return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) in CONSTRUCTORS
    return isinstance(value, DISPLAYS)


def _written(module: Module) -> Iterator[ast.Name]:
    for node in ast.walk(module.tree):
        match node:
            case ast.Subscript(value=ast.Name() as name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.AugAssign(target=ast.Name() as name):
                yield name
            case ast.Call(func=ast.Attribute(value=ast.Name() as name, attr=method)) if method in MUTATORS:
                yield name


def test_no_module_keeps_state() -> None:
    assert [place for m in modules() for place in kept_state(m)] == []


@pytest.mark.parametrize(
    "text",
    [
        "seen = {}",
        "_seen: list[str] = []",
        "pool = collections.deque()",
        "SEEN = set()\ndef f(x):\n    SEEN.add(x)",
        "SEEN = {}\ndef f(x):\n    SEEN[x] = 1",
        "N = [0]\ndef f():\n    del N[0]",
        "n = 0\ndef f():\n    global n\n    n = n + 1",
    ],
)
def test_state_is_found(text: str) -> None:
    assert len(kept_state(parsed(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "NAMES = {1: 2}\ndef f():\n    return NAMES[1]",
        "__all__ = ['f']",
        "P = frozenset({1})",
        "def f():\n    x = []\n    x.append(1)",
    ],
)
def test_constants_and_locals_are_allowed(text: str) -> None:
    assert kept_state(parsed(text)) == []
