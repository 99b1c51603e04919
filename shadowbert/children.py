"""What the supervisor knows of its children, as one small file: written by it alone, read for /readyz.

Refuses to know how children are started or what they do.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import orjson

FILE_NAME = "children.json"


class ChildState(StrEnum):
    RUNNING = "running"
    BACKOFF = "backoff"  # it ended by itself and waits for its next start
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Child:
    name: str
    state: ChildState
    pid: int | None
    restarts: int
    exit_code: int | None
    """Of its last end; negative for a signal; None before there was one."""
    since: float
    """Unix seconds of the last change."""


@dataclass(frozen=True, slots=True)
class Children:
    supervisor: int
    """Its process id. A file by another supervisor than one's parent is an old one."""
    children: tuple[Child, ...]

    @property
    def all_running(self) -> bool:
        return all(child.state is ChildState.RUNNING for child in self.children)


def write_children(path: Path, children: Children) -> None:
    """Readers see the old file or the new one, never half of either. Raises OSError."""
    draft = path.with_suffix(".tmp")
    draft.write_bytes(orjson.dumps(children))
    draft.replace(path)


def read_children(path: Path) -> Children | None:
    """None when no supervisor has written here yet. Raises OSError."""
    try:
        values = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    children = (Child(**{**child, "state": ChildState(child["state"])}) for child in values["children"])
    return Children(values["supervisor"], tuple(children))
