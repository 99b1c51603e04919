"""A task's policy: the default with its operators' own values over it. Knows no texts, and not what a value does."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from shadowbert.domain.contract import Contract
from shadowbert.domain.task import Policy

KEYS = (
    "target",
    "alpha",
    "audit_rate",
    "min_rows",
    "min_hours",
    "autopilot",
    "gate_on",
    "unaudited_hours",
    "always_llm",
)
"""What a task may have of its own, in the order in which people read it."""

Value = float | int | bool | str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """One value of one task, as somebody set it (written by operators; never altered, only followed by another)."""

    task_id: str
    key: str
    value: Value | None
    """None: whatever the default is."""
    by: str
    why: str
    at: float


def latest(changes: Iterable[PolicyChange]) -> dict[str, PolicyChange]:
    """The last change of each key, of changes in their order."""
    return {change.key: change for change in changes}


def own_values(changes: Iterable[PolicyChange]) -> dict[str, Value]:
    """What differs from the default by somebody's word, even where it says the same."""
    return {key: change.value for key, change in latest(changes).items() if change.value is not None and key in KEYS}


def effective(default: Policy, changes: Iterable[PolicyChange]) -> Policy:
    """The policy that a task is judged by.

    >>> stricter = PolicyChange("t", "target", 0.97, "maria", "", 1.0)
    >>> effective(Policy(), [stricter]).target, effective(Policy(), [stricter, replace(stricter, value=None)]).target
    (0.97, 0.95)
    """
    values: Mapping[str, Any] = own_values(changes)
    return replace(default, **values)


def pairs_of(contract: Contract, names: Iterable[str]) -> frozenset[tuple[int, int]]:
    """The (field, label) pairs that are called so; names of other versions' labels are nobody here.

    >>> from shadowbert.domain.contract import Field
    >>> pairs_of(Contract((Field(("kind",), ("ham", "spam")),), "c1:"), ["kind=spam", "colour=red"])
    frozenset({(0, 1)})
    """
    wanted = set(names)
    return frozenset(pair for pair, name in label_names(contract).items() if name in wanted)


def label_names(contract: Contract) -> dict[tuple[int, int], str]:
    """`field=label` of every answer that a student may give; "something else" is none."""
    return {
        (i, k): f"{field.name}={field.label(k)}"
        for i, field in enumerate(contract.fields)
        for k in range(field.classes)
        if k != field.other
    }
