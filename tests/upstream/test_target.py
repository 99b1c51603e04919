import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.upstream.target import map_target


@pytest.mark.parametrize(
    ("base", "target", "lands"),
    [
        (b"/v1", b"/v1/models", b"/v1/models"),
        (b"/v1", b"/models", b"/v1/models"),
        (b"/v1", b"/v1", b"/v1"),
        (b"/v1", b"/v1?x=1", b"/v1?x=1"),
        (b"/v1", b"/v1beta/models", b"/v1/v1beta/models"),
        (b"/api/v1", b"/v1/a%2Fb?q=%20+", b"/api/v1/a%2Fb?q=%20+"),
        (b"/openai", b"/openai/deployments/d/chat/completions", b"/openai/deployments/d/chat/completions"),
        (b"/openai/v1", b"/openai/v1/models", b"/openai/v1/models"),
        (b"/openai/v1", b"/v1/models", b"/openai/v1/models"),
        (b"", b"/v1/models", b"/v1/models"),
        (b"/v1", b"/v1/x?", b"/v1/x?"),
        (b"/v1", b"//v1/x", b"/v1//v1/x"),
        (b"/v1", b"", b"/v1"),
        (b"/v1", b"?x=1", b"/v1?x=1"),
        (b"/v1", b"*", b"*"),
    ],
)
def test_the_version_root_appears_once(base: bytes, target: bytes, lands: bytes) -> None:
    assert map_target(base, target) == lands


@given(st.binary(max_size=40))
def test_the_rest_of_a_target_is_never_touched(rest: bytes) -> None:
    assert map_target(b"/v1", b"/v1/" + rest) == b"/v1/" + rest
