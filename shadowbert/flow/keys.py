"""Reads what operators say a task's policy should be: texts of a command line or a form, values of a JSON body.

Knows what a value may be; not what it does.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shadowbert.domain.contract import Contract
from shadowbert.domain.policy import KEYS, Value, label_names
from shadowbert.domain.task import LEAST_AUDIT_RATE, PEOPLE, TEACHER, Policy
from shadowbert.errors import UnfitValue
from shadowbert.gating.wording import percent

AUTOPILOT = MappingProxyType({"on": True, "ask": False, True: True, False: False})
JUDGES = (TEACHER, PEOPLE)
SHARES = frozenset({"target", "alpha", "audit_rate"})
LABELS_NAMED = 20


@dataclass(frozen=True, slots=True)
class _Share:
    """A part of one, as a number or in per cent."""

    low: float
    high: float

    def __call__(self, key: str, said: object) -> float:
        number = _number(said.strip().removesuffix("%") if isinstance(said, str) else said)
        if isinstance(said, str) and said.strip().endswith("%") and number is not None:
            number /= 100
        if number is None or not self.low <= number <= self.high:
            raise UnfitValue(f"{key} must lie between {self.low:g} and {self.high:g}, and is said to be {said!r}")
        return float(number)


@dataclass(frozen=True, slots=True)
class _Whole:
    low: int
    high: int

    def __call__(self, key: str, said: object) -> int:
        number = _number(said)
        if number is None or number != int(number) or not self.low <= number <= self.high:
            raise UnfitValue(
                f"{key} must be a whole number from {self.low} to {self.high:,}, and is said to be {said!r}"
            )
        return int(number)


def _autopilot(key: str, said: object) -> bool:
    if not isinstance(said, str | bool) or said not in AUTOPILOT:
        raise UnfitValue(f"{key} must be on or ask, and is said to be {said!r}")
    return AUTOPILOT[said]


def _judge(key: str, said: object) -> str:
    if not isinstance(said, str) or said not in JUDGES:
        raise UnfitValue(f"{key} must be {' or '.join(JUDGES)}, and is said to be {said!r}")
    return said


def _labels(key: str, said: object) -> tuple[str, ...]:
    """A list, or a label a line."""
    lines = said.splitlines() if isinstance(said, str) else said
    if not isinstance(lines, Iterable) or not all(isinstance(line, str) for line in lines):
        raise UnfitValue(f"{key} must be a list of field=label, and is said to be {said!r}")
    return tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))


READERS: Mapping[str, Callable[[str, object], Value]] = MappingProxyType(
    {
        "target": _Share(0.5, 0.999),
        "alpha": _Share(0.0001, 0.2),
        "audit_rate": _Share(LEAST_AUDIT_RATE, 1.0),
        "min_rows": _Whole(1, 1_000_000),
        "min_hours": _Whole(0, 24),
        "autopilot": _autopilot,
        "gate_on": _judge,
        "unaudited_hours": _Whole(0, 8_760),
        "always_llm": _labels,
    }
)


def read(wanted: Mapping[str, object], contracts: Iterable[Contract]) -> dict[str, Value | None]:
    """The values by key; None, which is said for "the default", stays. Raises UnfitValue in the key's own words."""
    if unknown := wanted.keys() - READERS.keys():
        raise UnfitValue(f"a policy has no {min(unknown)!r}; it has {', '.join(KEYS)}")
    values = {key: None if said is None else READERS[key](key, said) for key, said in wanted.items()}
    labels = values.get("always_llm")
    if isinstance(labels, tuple):
        values["always_llm"] = _known(labels, contracts)
    return values


def _known(said: tuple[str, ...], contracts: Iterable[Contract]) -> tuple[str, ...]:
    """With the field's name where there is only one and it was left out. A label of any version will do."""
    pairs = [(contract, pair, name) for contract in contracts for pair, name in label_names(contract).items()]
    names = list(dict.fromkeys(name for _, _, name in pairs))
    alone = {c.fields[i].label(k): name for c, (i, k), name in pairs if len(c.fields) == 1}
    meant = [label if label in names else alone.get(label) for label in said]
    if unknown := [label for label, name in zip(said, meant, strict=True) if name is None]:
        more = f" and {len(names) - LABELS_NAMED} more" if len(names) > LABELS_NAMED else ""
        raise UnfitValue(
            f"always_llm: there is no {unknown[0]!r}; the answers are {', '.join(names[:LABELS_NAMED])}{more}"
        )
    return tuple(dict.fromkeys(name for name in meant if name is not None))


def in_words(key: str, policy: Policy) -> str:
    """A value as people read it.

    >>> in_words("target", Policy()), in_words("autopilot", Policy()), in_words("always_llm", Policy())
    ('95 %', 'on', 'nothing')
    """
    value = getattr(policy, key)
    if key in SHARES:
        return percent(value)
    if key == "autopilot":
        return "on" if value else "ask"
    return ", ".join(value) or "nothing" if key == "always_llm" else f"{value}"


def _number(said: object) -> float | None:
    """None where it is none, or none that can be compared."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    try:
        number = float(said)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < float("inf") else None
