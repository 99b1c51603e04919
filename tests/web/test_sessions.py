"""Tokens and sessions, without HTTP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.web.sessions import COOKIE, LIFETIME_S, Doorkeeper, same_origin

NOW = 1_760_000_000.0


def cookies(session: str) -> dict[str, str]:
    return {COOKIE: session}


def test_a_session_is_good_until_it_runs_out() -> None:
    session = Doorkeeper("token", clock=lambda: NOW).session()
    assert Doorkeeper("token", clock=lambda: NOW + LIFETIME_S - 1).holds(cookies(session))
    assert not Doorkeeper("token", clock=lambda: NOW + LIFETIME_S).holds(cookies(session))


def test_a_new_token_ends_every_session() -> None:
    session = Doorkeeper("token", clock=lambda: NOW).session()
    assert not Doorkeeper("another", clock=lambda: NOW).holds(cookies(session))


def test_the_session_does_not_hold_the_token_and_the_token_is_no_session() -> None:
    keeper = Doorkeeper("token-token", clock=lambda: NOW)
    assert "token" not in keeper.session()
    assert not keeper.holds(cookies("token-token"))
    assert not keeper.bears({"authorization": f"Bearer {keeper.session()}"})


def test_a_later_expiry_needs_another_signature() -> None:
    expiry, _, signature = Doorkeeper("token", clock=lambda: NOW).session().partition(".")
    assert not Doorkeeper("token", clock=lambda: NOW).holds(cookies(f"{int(expiry) + 1}.{signature}"))


@given(st.text())
def test_no_other_text_opens(text: str) -> None:
    keeper = Doorkeeper("token", clock=lambda: NOW)
    assert not keeper.holds(cookies(text))
    assert not keeper.bears({"authorization": text})
    assert keeper.knows(text) is (text == "token")


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "http://here:1", "host": "here:1"}, False),
        ({"origin": "http://here:1", "host": "here:1"}, True),
        ({"origin": "http://here:2", "host": "here:1"}, False),
        ({"origin": "null", "host": "here:1"}, False),
        ({"host": "here:1"}, False),
        ({"origin": "", "host": ""}, False),
        ({}, False),
    ],
)
def test_same_origin(headers: dict[str, str], *, ours: bool) -> None:
    assert same_origin(headers) is ours
