"""Judges request keys by allow-lists of the values that cannot change a classifier's answer.

Anything else goes to the LLM: an unknown key may change what the answer means. Each endpoint has its own list.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from shadowbert.domain.route import Reason

Check = Callable[[object], bool]
Judge = Callable[[object], Reason | None]
"""Why a value that is not null may change the answer; None where it cannot."""


def parameter_obstacle(body: Mapping[str, object], judges: Mapping[str, Judge]) -> Reason | None:
    """The first reason in the body's own order; null is as good as absent, but an unknown key is never harmless."""
    for key, value in body.items():
        judge = judges.get(key)
        if judge is None:
            return Reason.UNKNOWN_PARAMETER
        reason = None if value is None else judge(value)
        if reason is not None:
            return reason
    return None


def harmless(_: object) -> None:
    """Whatever it says is read elsewhere."""


def never(reason: Reason) -> Judge:
    return lambda _: reason


def only(value: object, reason: Reason) -> Judge:
    """`reason` for others of the same type; what is of another type is no value of this key."""
    kind = type(value)
    return lambda given: Reason.PARAMETER if type(given) is not kind else None if given == value else reason


def wants(check: Check) -> Judge:
    return lambda value: None if check(value) else Reason.PARAMETER


def text(value: object) -> bool:
    return isinstance(value, str)


def flag(value: object) -> bool:
    return isinstance(value, bool)


def whole(value: object) -> bool:
    return type(value) is int


def record(value: object) -> bool:
    return isinstance(value, dict)


def at_least(low: int) -> Check:
    return lambda value: type(value) is int and value >= low


def between(low: float, high: float) -> Check:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def one_of(*allowed: str) -> Check:
    return lambda value: isinstance(value, str) and value in allowed


def flags(*names: str) -> Check:
    """An object of such flags; null is as good as absent in it too."""
    return lambda value: (
        isinstance(value, dict) and all(key in names and isinstance(said, bool | None) for key, said in value.items())
    )


COMMON: Mapping[str, Judge] = MappingProxyType(
    {
        # read elsewhere
        "tools": harmless,
        "tool_choice": harmless,
        "model": wants(text),
        "parallel_tool_calls": wants(flag),
        "stream": wants(flag),
        # how the LLM samples: a classifier does not
        "temperature": wants(between(0, 2)),
        "top_p": wants(between(0, 1)),
        # bookkeeping between the caller and upstream
        "user": wants(text),
        "safety_identifier": wants(text),
        "prompt_cache_key": wants(text),
        "prompt_cache_retention": wants(text),
        "prompt_cache_options": wants(record),
        "metadata": wants(record),
        "service_tier": wants(one_of("auto", "default")),
        "store": only(value=False, reason=Reason.STORE),
        # a verdict on the texts that comes with the reply
        "moderation": never(Reason.PARAMETER),
    }
)
"""The keys that mean the same on every endpoint."""
