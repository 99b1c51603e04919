"""A Dockerfile as data: its stages, and each stage's instructions with what it inherits.

Knows only what ours uses: no heredocs, no escape directive, no ONBUILD.
"""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Instruction:
    line: int
    word: str
    rest: str

    @property
    def words(self) -> list[str]:
        """The arguments: of the exec form its items, else split as a shell would; flags left out."""
        items = exec_form(self.rest)
        return items if items is not None else [word for word in shlex.split(self.rest) if not word.startswith("--")]

    def flag(self, name: str) -> str | None:
        found = re.search(rf"--{name}=(\S+)", self.rest)
        return found[1] if found else None


@dataclass(frozen=True)
class Stage:
    name: str
    base: str
    own: tuple[Instruction, ...]
    inherited: tuple[Instruction, ...]

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        return self.inherited + self.own

    def last(self, word: str) -> Instruction | None:
        return next((found for found in reversed(self.instructions) if found.word == word), None)

    @property
    def environment(self) -> dict[str, str]:
        pairs = (pair for found in self.instructions if found.word == "ENV" for pair in shlex.split(found.rest))
        return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


def exec_form(text: str) -> list[str] | None:
    """The items of `["a", "b"]`; None for the shell form."""
    if not text.startswith("["):
        return None
    try:
        items = json.loads(text)
    except ValueError:
        return None
    return items if all(isinstance(item, str) for item in items) else None


def stages(text: str) -> dict[str, Stage]:
    """By name, in order. Raises ValueError for a stage without a name."""
    found: dict[str, Stage] = {}
    for head, *own in _sections(list(_instructions(text))):
        base, name = _from(head)
        parent = found.get(base)
        found[name] = Stage(name, base, tuple(own), parent.instructions if parent else ())
    return found


def _from(head: Instruction) -> tuple[str, str]:
    match head.words:
        case [base, as_, name] if head.word == "FROM" and as_.upper() == "AS":
            return base, name
    raise ValueError(f"line {head.line}: a stage begins with FROM image AS name")


def _sections(instructions: list[Instruction]) -> Iterator[list[Instruction]]:
    starts = [at for at, found in enumerate(instructions) if found.word == "FROM"] or [0]
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        yield instructions[start:end]


def _instructions(text: str) -> Iterator[Instruction]:
    parts: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or not line.strip():
            continue
        parts.append(line.strip().removesuffix("\\").strip())
        if not line.rstrip().endswith("\\"):
            word, _, rest = " ".join(parts).partition(" ")
            yield Instruction(number, word.upper(), rest.strip())
            parts = []
