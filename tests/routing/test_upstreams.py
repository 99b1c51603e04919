import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.routing.upstreams import DEFAULT, UpstreamRule, UpstreamRules

RULES = UpstreamRules(
    (
        UpstreamRule("azure", "/azure"),
        UpstreamRule("west", "/azure/west", models=("gpt-4o-west",)),
        UpstreamRule("claude", models=("claude-*", "anthropic/*")),
        UpstreamRule("any", models=("claude-3*", "mistral*")),
    )
)


@pytest.mark.parametrize(
    ("path", "model", "name"),
    [
        ("/azure/v1/models", "", "azure"),
        ("/azure", "", "azure"),
        ("/azure?x=1", "", "azure"),
        ("/azure/west/v1/models", "", "west"),
        ("/azure/western", "", "azure"),
        ("/azurite/v1", "", DEFAULT),
        ("/v1/azure", "", DEFAULT),
        ("/AZURE/v1", "", DEFAULT),
        ("/azure/v1/chat/completions", "claude-3-opus", "azure"),
        ("/v1/chat/completions", "claude-3-opus", "claude"),
        ("/v1/chat/completions", "mistral-small", "any"),
        ("/v1/chat/completions", "gpt-4o-west", "west"),
        ("/v1/chat/completions", "Claude-3", DEFAULT),
        ("/v1/chat/completions", "gpt-4o", DEFAULT),
        ("/v1/chat/completions", "", DEFAULT),
    ],
)
def test_the_longest_prefix_comes_first_then_the_first_pattern(path: str, model: str, name: str) -> None:
    assert RULES.choose(path, model) == name


@pytest.mark.parametrize(
    ("path", "prefix"), [("/azure/west/v1", "/azure/west"), ("/azure/v1", "/azure"), ("/v1", ""), ("/azurex", "")]
)
def test_the_prefix_that_decided_is_what_comes_off(path: str, prefix: str) -> None:
    assert RULES.prefix(path) == prefix


def test_a_model_is_asked_for_only_where_it_decides() -> None:
    assert RULES.needs_model("/v1/chat/completions")
    assert not RULES.needs_model("/azure/chat/completions")
    assert not UpstreamRules((UpstreamRule("azure", "/azure"),)).needs_model("/v1/chat/completions")


@given(st.text(max_size=30), st.text(max_size=30))
def test_without_rules_everything_is_the_defaults(path: str, model: str) -> None:
    assert UpstreamRules().choose(path, model) == DEFAULT
    assert UpstreamRules().prefix(path) == ""


@given(st.text("/abwest", max_size=12).map("/azure".__add__), st.text(max_size=8))
def test_a_prefix_beats_every_model(path: str, model: str) -> None:
    chosen = RULES.choose(path, model)
    assert (RULES.prefix(path) == "") == (chosen not in ("azure", "west"))
