"""Finds a task by its name. Knows nothing of what is wanted of it."""

from typing import Protocol

from shadowbert.domain.records import VersionRow
from shadowbert.errors import UnknownTask


class NamesPort(Protocol):
    def versions(self) -> list[VersionRow]: ...
    def of_task(self, name: str) -> list[VersionRow]: ...


def named(tasks: NamesPort, name: str) -> list[VersionRow]:
    """The task's versions, newest last, never none. Raises UnknownTask with the names there are."""
    versions = tasks.of_task(name)
    if versions:
        return versions
    names = sorted({version.task for version in tasks.versions()})
    known = f"known tasks: {', '.join(names)}" if names else "no task has been found yet"
    raise UnknownTask(f"no task is called {name!r}; {known}")
