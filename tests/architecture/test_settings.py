"""A setting that nobody reads is a promise that nobody keeps: every key is read outside shadowbert/sections.py."""

import ast
from collections.abc import Iterator

import pytest

from shadowbert.sections import PolicySettings, Settings, UpstreamSettings
from tests.architecture.source import Module, modules, parsed

HOME = "shadowbert/sections.py"
# Properties of the settings that read keys for whoever reads them.
THROUGH = {
    "total_limit_s": {"upstream.total_s"},
    **{key: {f"upstream.{key}"} for key in UpstreamSettings.model_fields},
    "default_policy": {
        "training.first",
        "training.caller_share",
        *(f"policy.{key}" for key in PolicySettings.model_fields),
    },
}
SECTIONS = {name for name, field in Settings.model_fields.items() if hasattr(field.annotation, "model_fields")}


def keys() -> set[str]:
    plain = Settings.model_fields.keys() - SECTIONS
    return plain | {f"{s}.{key}" for s in SECTIONS for key in type(getattr(Settings(), s)).model_fields}


def last(node: ast.expr) -> str:
    """`server` of `self._settings.server`, and of `server` alone."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def assigned(module: Module) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in module.walk(ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                yield from zip(target.elts, node.value.elts, strict=False)
            else:
                yield target, node.value


def of_settings(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in SECTIONS and last(node.value).endswith("settings")


def reads(module: Module) -> set[str]:
    """Keys read as `settings.section.key`, or as `name.key` where the module says `name = settings.section`."""
    names = {last(target): last(value) for target, value in assigned(module) if of_settings(value)}
    found: set[str] = set()
    for node in module.walk(ast.Attribute):
        if last(node.value).endswith("settings"):
            found.add(node.attr)
        if of_settings(node.value):
            found.add(f"{last(node.value)}.{node.attr}")
        elif isinstance(node.value, ast.Name) and node.value.id in names:
            found.add(f"{names[node.value.id]}.{node.attr}")
    through = {name.rpartition(".")[2] for name in found} & THROUGH.keys()
    return found.union(*(THROUGH[name] for name in through))


def test_every_setting_is_read() -> None:
    read = {key for module in modules() if module.path != HOME for key in reads(module)}
    assert sorted(keys() - read) == []


def test_keys_stand_under_their_sections() -> None:
    assert {"data_dir", "student.threads", "server.keep_alive_s", "retention.rows_days"} <= keys()
    assert not keys() & SECTIONS


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("f(settings.student.threads)", "student.threads"),
        ("f(self._settings.data_dir)", "data_dir"),
        ("limits = self._settings.upstream\nf(limits.read_s)", "upstream.read_s"),
        ("a, limits = b, settings.upstream\nf(limits.total_limit_s)", "upstream.total_s"),
        ("policy = settings.default_policy", "policy.alpha"),
    ],
)
def test_a_read_is_found(text: str, found: str) -> None:
    assert found in reads(parsed(text))


@pytest.mark.parametrize("text", ["f(recipe.batch)", "student = g()\nf(student.batch)", "f(other.student.batch)"])
def test_the_same_name_elsewhere_is_no_read(text: str) -> None:
    assert reads(parsed(text)) & {"student.batch", "batch"} == set()
