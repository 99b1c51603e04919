"""The allow-list of request keys that cannot change a classifier's answer, each with the values that are harmless.

Anything else goes to the LLM: an unknown key may change what the answer means.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from shadowbert.domain.route import Reason

Check = Callable[[object], bool]

_STREAM_OPTIONS = frozenset(("include_usage", "include_obfuscation"))


def _anything(_: object) -> bool:
    return True


def _text(value: object) -> bool:
    return isinstance(value, str)


def _flag(value: object) -> bool:
    return isinstance(value, bool)


def _whole(value: object) -> bool:
    return type(value) is int


def _positive(value: object) -> bool:
    return type(value) is int and value >= 1


def _one(value: object) -> bool:
    return type(value) is int and value == 1


def _false(value: object) -> bool:
    return value is False


def _never(_: object) -> bool:
    return False


def _object(value: object) -> bool:
    return isinstance(value, dict)


def _between(low: float, high: float) -> Check:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _one_of(*allowed: str) -> Check:
    return lambda value: isinstance(value, str) and value in allowed


def _stream_options(value: object) -> bool:
    return isinstance(value, dict) and all(
        key in _STREAM_OPTIONS and (flag is None or isinstance(flag, bool)) for key, flag in value.items()
    )


def _stop(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(stop, str) for stop in value))


_HARMLESS: Mapping[str, Check] = MappingProxyType(
    {
        # read elsewhere: messages.py, output_ask.py
        "messages": _anything,
        "response_format": _anything,
        "tools": _anything,
        "tool_choice": _anything,
        "model": _text,
        "parallel_tool_calls": _flag,
        "stream": _flag,
        "stream_options": _stream_options,
        # how the LLM samples: a classifier does not
        "temperature": _between(0, 2),
        "top_p": _between(0, 1),
        "presence_penalty": _between(-2, 2),
        "frequency_penalty": _between(-2, 2),
        "seed": _whole,
        "verbosity": _one_of("low", "medium", "high"),
        # bookkeeping between the caller and upstream
        "user": _text,
        "safety_identifier": _text,
        "prompt_cache_key": _text,
        "prompt_cache_retention": _text,
        "metadata": _object,
        "service_tier": _one_of("auto", "default"),
        "store": _false,
        # more than one answer, or more than an answer
        "n": _one,
        "logprobs": _false,
        "top_logprobs": _never,
        # held against the answer when it is there
        "max_tokens": _positive,
        "max_completion_tokens": _positive,
        "stop": _stop,
    }
)


def parameter_obstacle(body: Mapping[str, object]) -> Reason | None:
    """STORE, or PARAMETER for the first key or value that is not known to be harmless; null is as good as absent."""
    if body.get("store") is True:
        return Reason.STORE
    if not body.get("model"):  # Azure names the teacher in the path only, which is not read here
        return Reason.PARAMETER
    for key, value in body.items():
        check = _HARMLESS.get(key)
        if check is None or not (value is None or check(value)):
            return Reason.PARAMETER
    return None
