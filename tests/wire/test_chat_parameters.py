import pytest
from hypothesis import given

from shadowbert.domain.route import Reason
from shadowbert.wire.chat_parameters import chat_obstacle
from shadowbert.wire.output_ask import OutputAsk, Statement, Transport, schema_key, unstated
from tests.wire.requests import SCHEMA, json_values

SCHEMA_ASK = OutputAsk(Transport.CONTENT, SCHEMA, schema_key(SCHEMA), "spam", None)

HARMLESS = [
    ("parallel_tool_calls", False),
    ("stream", True),
    ("stream_options", {"include_usage": True, "include_obfuscation": None}),
    ("temperature", 0),
    ("temperature", 0.1),
    ("top_p", 1),
    ("seed", 7),
    ("presence_penalty", -2),
    ("frequency_penalty", 2.0),
    ("user", "u-1"),
    ("safety_identifier", "s"),
    ("prompt_cache_key", "k"),
    ("prompt_cache_retention", "24h"),
    ("prompt_cache_options", {"ttl": "24h"}),
    ("metadata", {"task": "triage"}),
    ("verbosity", "low"),
    ("service_tier", "auto"),
    ("service_tier", "default"),
    ("store", False),
    ("n", 1),
    ("modalities", ["text"]),
    ("logprobs", False),
    ("logprobs", True),
    ("logit_bias", {}),
    ("max_tokens", 1),
    ("max_completion_tokens", 1),
    ("stop", "\n"),
    ("stop", ["a", "b"]),
    ("functions", []),
    ("model", ""),
]
HARMFUL = [
    ("parallel_tool_calls", "no", Reason.PARAMETER),
    ("stream", 1, Reason.PARAMETER),
    ("stream_options", {"include_everything": True}, Reason.PARAMETER),
    ("stream_options", {"include_usage": 1}, Reason.PARAMETER),
    ("temperature", 3, Reason.PARAMETER),
    ("temperature", True, Reason.PARAMETER),
    ("top_p", -0.1, Reason.PARAMETER),
    ("seed", 1.5, Reason.PARAMETER),
    ("user", 1, Reason.PARAMETER),
    ("metadata", "x", Reason.PARAMETER),
    ("verbosity", "loud", Reason.PARAMETER),
    ("service_tier", "flex", Reason.PARAMETER),
    ("moderation", {"model": "omni"}, Reason.PARAMETER),
    ("store", "yes", Reason.PARAMETER),
    ("store", True, Reason.STORE),
    ("n", 2, Reason.SEVERAL_ANSWERS),
    ("n", True, Reason.PARAMETER),
    ("logprobs", 1, Reason.PARAMETER),
    ("top_logprobs", 0, Reason.PARAMETER),
    ("audio", {"voice": "alloy", "format": "wav"}, Reason.AUDIO),
    ("modalities", ["text", "audio"], Reason.AUDIO),
    ("modalities", ["smell"], Reason.PARAMETER),
    ("modalities", "text", Reason.PARAMETER),
    ("max_tokens", 0, Reason.PARAMETER),
    ("max_tokens", True, Reason.PARAMETER),
    ("stop", [1], Reason.PARAMETER),
    ("model", ["gpt-4o"], Reason.PARAMETER),
    ("reasoning_effort", "low", Reason.PARAMETER),
    ("logit_bias", {"1": 100}, Reason.PARAMETER),
    ("prediction", {}, Reason.PARAMETER),
    ("web_search_options", {}, Reason.PARAMETER),
    ("input", "x", Reason.UNKNOWN_PARAMETER),
]


@pytest.mark.parametrize(("key", "value"), HARMLESS)
def test_harmless_keys_pass(key: str, value: object) -> None:
    assert chat_obstacle({"model": "gpt-4o", key: value}, SCHEMA_ASK) is None


@pytest.mark.parametrize(("key", "value", "reason"), HARMFUL)
def test_all_others_do_not(key: str, value: object, reason: Reason) -> None:
    assert chat_obstacle({"model": "gpt-4o", key: value}, SCHEMA_ASK) is reason


@pytest.mark.parametrize("key", [key for key, *_ in HARMFUL if key != "input"])
def test_a_known_key_that_is_null_is_as_good_as_absent(key: str) -> None:
    assert chat_obstacle({key: None}, SCHEMA_ASK) is None


@pytest.mark.parametrize(
    ("statement", "bias", "reason"),
    [
        (Statement.TEXT, {"1": 100, "2": -1.5}, None),
        (Statement.TEXT, {"1": 101}, Reason.PARAMETER),
        (Statement.TEXT, {"1": "x"}, Reason.PARAMETER),
        (Statement.TEXT, ["1"], Reason.PARAMETER),
        (Statement.JSON, {"1": 100}, Reason.PARAMETER),
        (Statement.JSON, {}, None),
    ],
)
def test_a_token_bias_is_part_of_a_plain_texts_contract_only(
    statement: Statement, bias: object, reason: Reason | None
) -> None:
    assert chat_obstacle({"logit_bias": bias}, unstated(statement, {})) is reason
    assert chat_obstacle({"logit_bias": bias}, None) is (Reason.PARAMETER if bias else None)


@pytest.mark.parametrize(("top", "reason"), [(0, None), (20, None), (21, Reason.PARAMETER), (True, Reason.PARAMETER)])
def test_alternatives_belong_to_log_probabilities(top: object, reason: Reason | None) -> None:
    assert chat_obstacle({"logprobs": True, "top_logprobs": top}, SCHEMA_ASK) is reason
    assert chat_obstacle({"logprobs": False, "top_logprobs": top}, SCHEMA_ASK) is Reason.PARAMETER


@given(json_values())
def test_an_unknown_key_never_passes(value: object) -> None:
    assert chat_obstacle({"surprise": value}, SCHEMA_ASK) is Reason.UNKNOWN_PARAMETER
