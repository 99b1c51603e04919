"""The allow-list of the Responses API's request keys. Judges keys alone; knows neither the input nor what a task is."""

from collections.abc import Mapping
from types import MappingProxyType

from shadowbert.domain.route import Reason
from shadowbert.wire.output_ask import OutputAsk
from shadowbert.wire.parameters import (
    COMMON,
    Judge,
    at_least,
    flags,
    harmless,
    never,
    one_of,
    only,
    parameter_obstacle,
    wants,
)
from shadowbert.wire.tolerant import as_object

_verbosity = one_of("low", "medium", "high")


def responses_obstacle(body: Mapping[str, object], output: OutputAsk | None = None) -> Reason | None:
    """How much is said matters where no schema bounds it."""
    free = output is not None and not output.schema
    wordy = free and as_object(body.get("text")).get("verbosity") is not None
    return parameter_obstacle(body, _JUDGES) or (Reason.PARAMETER if wordy else None)


def _text(value: object) -> bool:
    """Its format is read elsewhere."""
    if not isinstance(value, dict) or not value.keys() <= {"format", "verbosity"}:
        return False
    return value.get("verbosity") is None or _verbosity(value["verbosity"])


def _says_nothing(value: object) -> bool:
    return isinstance(value, dict) and all(said is None for said in value.values())


def _include(value: object) -> Reason | None:
    if isinstance(value, list) and "message.output_text.logprobs" in value:
        return Reason.LOGPROBS
    return None if value == [] else Reason.PARAMETER


_JUDGES: Mapping[str, Judge] = MappingProxyType(
    {
        **COMMON,
        "input": harmless,
        "instructions": harmless,
        "text": wants(_text),
        "stream_options": wants(flags("include_obfuscation")),
        "truncation": wants(one_of("auto", "disabled")),
        # what only upstream remembers
        "previous_response_id": never(Reason.PREVIOUS_RESPONSE),
        "conversation": never(Reason.CONVERSATION),
        "prompt": never(Reason.STORED_PROMPT),
        "background": only(value=False, reason=Reason.BACKGROUND),
        # more than an answer
        "include": _include,
        "top_logprobs": only(0, Reason.LOGPROBS),
        # what a classifier cannot do
        "context_management": never(Reason.PARAMETER),
        "max_tool_calls": never(Reason.PARAMETER),
        "reasoning": wants(_says_nothing),
        # held against the answer when it is there; upstream refuses less
        "max_output_tokens": wants(at_least(16)),
    }
)
