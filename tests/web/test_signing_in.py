"""Signing in and out of the page through real HTTP, and what strangers and other sites get."""

import pytest

from shadowbert.domain.task import Stage
from shadowbert.testing.lineage import Lineage
from shadowbert.web.sessions import LIFETIME_S
from tests.web.surface import TOKEN, Surface, alerts, said

SIGN_IN = "<h1>Sign in</h1>"


def test_a_stranger_sees_the_sign_in_form_and_nothing_else(surface: Surface, line: Lineage) -> None:
    for headers in ({}, surface.expired, {"cookie": "shadowbert_session=1.2"}, surface.bearer):
        for path in ("/shadowbert/", "/shadowbert/task?name=bank"):
            reply = surface.call("GET", path, headers)
            assert SIGN_IN in reply.text
            assert "bank" not in reply.text


def test_signing_in_gives_a_session_that_scripts_and_other_sites_cannot_use(surface: Surface) -> None:
    reply = surface.form("/shadowbert/login", surface.from_here, token=f" {TOKEN}\n")
    assert (reply.status, reply.headers["location"]) == (303, "/shadowbert/")
    cookie, *marks = reply.headers["set-cookie"].split("; ")
    assert {mark.lower() for mark in marks} == {
        "httponly", "samesite=strict", "path=/shadowbert", f"max-age={LIFETIME_S}",
    }  # fmt: skip
    assert TOKEN not in cookie
    assert "No task yet" in said(surface.call("GET", "/shadowbert/", {"cookie": cookie}))


def test_wrong_tokens_are_answered_alike(surface: Surface) -> None:
    wrong = ["", TOKEN[:-1], "t\u00f6ken", surface.doorkeeper.session()]
    replies = [surface.form("/shadowbert/login", surface.from_here, token=token) for token in wrong]
    assert {reply.status for reply in replies} == {401}
    assert {alerts(reply) for reply in replies} == {"That is not the token."}
    assert not any("set-cookie" in reply.headers for reply in replies)


@pytest.mark.parametrize(
    "headers", [{}, {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}]
)
def test_another_site_can_neither_sign_in_nor_command_nor_sign_out(
    headers: dict[str, str], surface: Surface, line: Lineage
) -> None:
    assert surface.form("/shadowbert/login", headers, token=TOKEN).status == 403
    reply = surface.form("/shadowbert/command", {**surface.session, **headers}, task="bank", verb="pause")
    assert (reply.status, alerts(reply)) == (403, "Commands must come from this page.")
    assert "set-cookie" not in surface.form("/shadowbert/logout", {**surface.session, **headers}).headers
    assert line.now.stage is Stage.COLLECTING


def test_signing_out_takes_the_cookie_away(surface: Surface) -> None:
    reply = surface.form("/shadowbert/logout", {**surface.session, **surface.from_here})
    assert (reply.status, reply.headers["location"]) == (303, "/shadowbert/")
    assert 'shadowbert_session=""' in reply.headers["set-cookie"]
    assert "Max-Age=0" in reply.headers["set-cookie"]


def test_a_command_without_a_session(surface: Surface, line: Lineage) -> None:
    for headers in ({}, surface.expired, surface.bearer):
        reply = surface.form("/shadowbert/command", {**headers, **surface.from_here}, task="bank", verb="pause")
        assert (reply.status, alerts(reply)) == (401, "Sign in first.")
    assert line.now.stage is Stage.COLLECTING


def test_the_bare_path_leads_home(surface: Surface) -> None:
    reply = surface.call("GET", "/shadowbert")
    assert (reply.status, reply.headers["location"]) == (307, "/shadowbert/")


def test_a_form_that_is_too_large(surface: Surface) -> None:
    assert surface.form("/shadowbert/login", surface.from_here, token="x" * 70_000).status == 413
