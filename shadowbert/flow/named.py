"""Finds a task by its name, and a version by its id. Knows nothing of what is wanted of them."""

from collections.abc import Sequence
from typing import Protocol

from shadowbert.domain.records import VersionRow
from shadowbert.errors import OperatorError, UnknownTask


class NamesPort(Protocol):
    def versions(self) -> list[VersionRow]: ...
    def of_task(self, name: str) -> list[VersionRow]: ...


def in_force(tasks: NamesPort, name: str) -> list[VersionRow]:
    """Those that no operator has put another in the place of, newest last, never none. Raises as `named`."""
    versions = named(tasks, name)
    current = [version for version in versions if version.replaced_by is None]
    if not current:
        raise OperatorError(f"all versions of task {name} have been replaced, and those that did are another task's")
    return current


def named(tasks: NamesPort, name: str) -> list[VersionRow]:
    """The task's versions, newest last, never none. Where tenants have tasks of one name, it is `tenant/name`.

    Raises UnknownTask with the names there are, OperatorError where several tenants may be meant.
    """
    versions = tasks.of_task(name) or _of_tenant(tasks, name)
    tenants = sorted({version.tenant for version in versions})
    if len(tenants) > 1:
        which = ", ".join(f"{tenant}/{name}" for tenant in tenants)
        raise OperatorError(f"{len(tenants)} tenants have a task called {name!r}; say which: {which}")
    if versions:
        return versions
    names = sorted({version.task for version in tasks.versions()})
    known = f"known tasks: {', '.join(names)}" if names else "no task has been found yet"
    raise UnknownTask(f"no task is called {name!r}; {known}")


def by_id(versions: Sequence[VersionRow], wanted: str) -> VersionRow:
    """The version whose id this is, or begins so. Raises OperatorError with the ids there are."""
    found = [version for version in versions if version.id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    ids = ", ".join(version.id for version in found or versions)
    raise OperatorError(f"{'several versions begin' if found else 'no version begins'} with {wanted!r}: {ids}")


def _of_tenant(tasks: NamesPort, name: str) -> list[VersionRow]:
    """Tenants and tasks may both have slashes in their names: any of them may be the one between."""
    cuts = [at for at, character in enumerate(name) if character == "/"]
    return [v for at in cuts for v in tasks.of_task(name[at + 1 :]) if v.tenant == name[:at]]
