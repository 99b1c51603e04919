"""The allow-list of chat's request keys. Judges keys alone; knows neither the messages nor what a task is."""

from collections.abc import Mapping
from types import MappingProxyType

from shadowbert.domain.route import Reason
from shadowbert.wire.output_ask import OutputAsk, Statement
from shadowbert.wire.parameters import (
    COMMON,
    Judge,
    at_least,
    between,
    flag,
    flags,
    harmless,
    never,
    one_of,
    only,
    parameter_obstacle,
    wants,
    whole,
)

_weight = between(-100, 100)


def chat_obstacle(body: Mapping[str, object], output: OutputAsk | None) -> Reason | None:
    """Why a key may change the answer, the output asked for known: a token bias is part of a plain text's contract."""
    reason = parameter_obstacle(body, _JUDGES)
    if reason is not None:
        return reason
    free = output is not None and not output.schema
    if free and body.get("verbosity") is not None:
        return Reason.PARAMETER
    biased = body.get("logit_bias") and (output is None or output.statement is not Statement.TEXT)
    unasked = body.get("top_logprobs") is not None and body.get("logprobs") is not True
    return Reason.PARAMETER if biased or unasked else None


def _stop(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(stop, str) for stop in value))


def _bias(value: object) -> bool:
    return isinstance(value, dict) and all(map(_weight, value.values()))


def _modalities(value: object) -> Reason | None:
    if isinstance(value, list) and "audio" in value:
        return Reason.AUDIO
    return None if value == ["text"] else Reason.PARAMETER


_JUDGES: Mapping[str, Judge] = MappingProxyType(
    {
        **COMMON,
        "messages": harmless,
        "response_format": harmless,
        "functions": harmless,
        "function_call": harmless,
        "stream_options": wants(flags("include_usage", "include_obfuscation")),
        "presence_penalty": wants(between(-2, 2)),
        "frequency_penalty": wants(between(-2, 2)),
        "seed": wants(whole),
        "verbosity": wants(one_of("low", "medium", "high")),
        "logit_bias": wants(_bias),
        # more than one answer, or more than an answer
        "n": only(1, Reason.SEVERAL_ANSWERS),
        "logprobs": wants(flag),
        "top_logprobs": wants(lambda value: whole(value) and between(0, 20)(value)),
        "audio": never(Reason.AUDIO),
        "modalities": _modalities,
        # what a classifier cannot do
        "prediction": never(Reason.PARAMETER),
        "reasoning_effort": never(Reason.PARAMETER),
        "web_search_options": never(Reason.PARAMETER),
        # held against the answer when it is there
        "max_tokens": wants(at_least(1)),
        "max_completion_tokens": wants(at_least(1)),
        "stop": wants(_stop),
    }
)
