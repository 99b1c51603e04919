import pytest
from hypothesis import given

from shadowbert.domain.route import Reason
from shadowbert.wire.responses_parameters import responses_obstacle
from tests.wire.requests import json_values

LOGPROBS = "message.output_text.logprobs"
HARMLESS = [
    ("stream", True),
    ("stream_options", {"include_obfuscation": False}),
    ("temperature", 0),
    ("top_p", 1),
    ("user", "u-1"),
    ("safety_identifier", "s"),
    ("prompt_cache_key", "k"),
    ("prompt_cache_retention", "24h"),
    ("prompt_cache_options", {"mode": "explicit"}),
    ("metadata", {"task": "triage"}),
    ("service_tier", "default"),
    ("truncation", "auto"),
    ("store", False),
    ("background", False),
    ("include", []),
    ("top_logprobs", 0),
    ("parallel_tool_calls", False),
    ("text", {}),
    ("text", {"format": {"type": "text"}, "verbosity": None}),
    ("text", {"verbosity": "low"}),
    ("reasoning", {}),
    ("reasoning", {"effort": None, "summary": None}),
    ("max_output_tokens", 16),
]
HARMFUL = [
    ("previous_response_id", "resp_1", Reason.PREVIOUS_RESPONSE),
    ("conversation", "conv_1", Reason.CONVERSATION),
    ("conversation", {"id": "conv_1"}, Reason.CONVERSATION),
    ("background", True, Reason.BACKGROUND),
    ("prompt", {"id": "pmpt_1"}, Reason.STORED_PROMPT),
    ("store", True, Reason.STORE),
    ("include", [LOGPROBS], Reason.LOGPROBS),
    ("include", ["reasoning.encrypted_content"], Reason.PARAMETER),
    ("include", LOGPROBS, Reason.PARAMETER),
    ("top_logprobs", 5, Reason.LOGPROBS),
    ("top_logprobs", False, Reason.PARAMETER),
    ("reasoning", {"effort": "low"}, Reason.PARAMETER),
    ("reasoning", {"summary": "auto"}, Reason.PARAMETER),
    ("reasoning", "low", Reason.PARAMETER),
    ("max_tool_calls", 1, Reason.PARAMETER),
    ("max_output_tokens", 15, Reason.PARAMETER),
    ("context_management", [{}], Reason.PARAMETER),
    ("moderation", {"model": "omni"}, Reason.PARAMETER),
    ("truncation", "head", Reason.PARAMETER),
    ("service_tier", "ultrafast", Reason.PARAMETER),
    ("stream_options", {"include_usage": True}, Reason.PARAMETER),
    ("text", {"verbosity": "loud"}, Reason.PARAMETER),
    ("text", {"tone": "grave"}, Reason.PARAMETER),
    ("text", "x", Reason.PARAMETER),
    ("messages", [], Reason.UNKNOWN_PARAMETER),
    ("seed", 1, Reason.UNKNOWN_PARAMETER),
    ("logit_bias", {"1": 1}, Reason.UNKNOWN_PARAMETER),
]


@pytest.mark.parametrize(("key", "value"), HARMLESS)
def test_harmless_keys_pass(key: str, value: object) -> None:
    assert responses_obstacle({"model": "gpt-4o", "input": "x", key: value}) is None


@pytest.mark.parametrize(("key", "value", "reason"), HARMFUL)
def test_all_others_do_not(key: str, value: object, reason: Reason) -> None:
    assert responses_obstacle({"model": "gpt-4o", "input": "x", key: value}) is reason
    unknown = reason is Reason.UNKNOWN_PARAMETER
    assert responses_obstacle({key: None}) is (reason if unknown else None)


@given(json_values())
def test_an_unknown_key_never_passes(value: object) -> None:
    assert responses_obstacle({"surprise": value}) is Reason.UNKNOWN_PARAMETER
