"""Where code may wait: `async` stays on the hot path, so that everything else can be read from top to bottom."""

import ast

from tests.architecture.source import Module, modules, parsed

SYNCHRONOUS = (
    *("domain", "wire", "recognition", "routing", "gating", "curation", "store", "bert", "worker"),
    *("flow/load", "flow/collect", "flow/train", "flow/shadow", "flow/promote", "flow/retain", "flow/report"),
    *("flow/journal", "flow/ledger", "flow/operate", "settings", "supervisor", "prices", "admin_token"),
)
# The door through which the proxy waits for the one inference thread.
DOORS = frozenset({"shadowbert/bert/serving/engine.py"})


def waits(module: Module) -> list[str]:
    kinds = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    return sorted({module.at(node) for node in module.walk(*kinds)})


def is_synchronous(path: str) -> bool:
    inner = path.removeprefix("shadowbert/").removesuffix(".py")
    return path not in DOORS and any(inner == room or inner.startswith(f"{room}/") for room in SYNCHRONOUS)


def test_only_the_hot_path_waits() -> None:
    assert [place for m in modules() if is_synchronous(m.path) for place in waits(m)] == []


def test_every_synchronous_room_exists() -> None:
    paths = [m.path for m in modules()]
    assert [
        r for r in SYNCHRONOUS if not any(p.startswith((f"shadowbert/{r}/", f"shadowbert/{r}.py")) for p in paths)
    ] == []


def test_waiting_is_found() -> None:
    assert waits(parsed("async def f():\n    await g()\n")) == ["shadowbert/example.py:1", "shadowbert/example.py:2"]
    assert is_synchronous("shadowbert/store/tasks.py")
    assert not is_synchronous("shadowbert/web/proxy.py")
