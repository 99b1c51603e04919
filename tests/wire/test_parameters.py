import pytest
from hypothesis import given

from shadowbert.domain.route import Reason
from shadowbert.wire.parameters import parameter_obstacle
from tests.wire.requests import json_values

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
    ("metadata", {"task": "triage"}),
    ("verbosity", "low"),
    ("service_tier", "auto"),
    ("service_tier", "default"),
    ("store", False),
    ("n", 1),
    ("logprobs", False),
    ("max_tokens", 16),
    ("max_completion_tokens", 1),
    ("stop", "\n"),
    ("stop", ["a", "b"]),
]
HARMFUL = [
    ("parallel_tool_calls", "no"),
    ("stream", 1),
    ("stream_options", {"include_everything": True}),
    ("stream_options", {"include_usage": 1}),
    ("temperature", 3),
    ("temperature", True),
    ("top_p", -0.1),
    ("seed", 1.5),
    ("user", 1),
    ("metadata", "x"),
    ("verbosity", "loud"),
    ("service_tier", "flex"),
    ("store", "yes"),
    ("n", 2),
    ("n", True),
    ("logprobs", True),
    ("top_logprobs", 0),
    ("max_tokens", 0),
    ("max_tokens", True),
    ("stop", [1]),
    ("model", ["gpt-4o"]),
    ("model", None),
    ("model", ""),
    ("reasoning_effort", "low"),
    ("reasoning_effort", None),
    ("logit_bias", {"1": 100}),
    ("modalities", ["text"]),
    ("prediction", {}),
    ("functions", []),
    ("web_search_options", {}),
    ("anything", None),
]


@pytest.mark.parametrize(("key", "value"), HARMLESS)
def test_harmless_keys_pass(key: str, value: object) -> None:
    assert parameter_obstacle({"model": "gpt-4o", key: value}) is None
    if key != "model":
        assert parameter_obstacle({"model": "gpt-4o", key: None}) is None


@pytest.mark.parametrize(("key", "value"), HARMFUL)
def test_all_others_do_not(key: str, value: object) -> None:
    assert parameter_obstacle({"model": "gpt-4o", key: value}) is Reason.PARAMETER


def test_storing_said_aloud_has_its_own_reason() -> None:
    assert parameter_obstacle({"model": "gpt-4o", "store": True, "n": 2}) is Reason.STORE


@given(json_values())
def test_an_unknown_key_never_passes(value: object) -> None:
    assert parameter_obstacle({"model": "gpt-4o", "surprise": value}) is Reason.PARAMETER
