"""Alerts on the page and in the admin API, and the button that shows whether they arrive."""

import pytest

from shadowbert.domain.alert import AlertKind, Event
from shadowbert.store.store import Store
from tests.flow.hooks import Hook
from tests.store.test_alerts import an_alert
from tests.web.surface import Surface, alerts, said

TEST = "/shadowbert/alerts/test"
API = "/shadowbert/api/alerts"


def raised(store: Store) -> None:
    event = Event(
        AlertKind.ROLLED_BACK, "verdict:3", "Task <b>bank</b> is back on the LLM.", "bank", facts={"by": "ann"}
    )
    alert = an_alert(attempts=2, last_error="hooks.test answered with status 500")
    with store.write() as work:
        work.alerts.add(type(alert)(alert.id, event, alert.at, None, 2, alert.at + 60, alert.last_error))


def test_the_page_lists_them_with_their_delivery(surface: Surface) -> None:
    assert "Alerts : none yet" in said(surface.page()).replace("Alerts:", "Alerts :")
    raised(surface.store)
    page = surface.page()
    assert (
        "rolled back Task <b>bank</b> is back on the LLM. hooks.test answered with status 500; it is tried again"
        in said(page)
    ), "and a caller's name is text"
    assert "<b>bank</b>" not in page.text


def test_the_button_sends_one_and_says_what_came_of_it(surface: Surface) -> None:
    surface.hook = Hook()
    done = surface.form(TEST, {**surface.session, **surface.from_here})
    assert alerts(done) == "The test alert: delivered."
    (sent,) = surface.hook.sent
    assert (sent["kind"], sent["text"]) == ("test", "A test by dashboard: alerts of shadowbert arrive here.")
    surface.hook.refusals = 1
    refused = surface.form(TEST, {**surface.session, **surface.from_here})
    assert alerts(refused) == "The test alert: hooks.test answered with status 500."


def test_without_a_webhook_the_button_says_so(surface: Surface) -> None:
    done = surface.form(TEST, {**surface.session, **surface.from_here})
    assert done.status == 409
    assert "no webhook is set" in alerts(done)


@pytest.mark.parametrize("foreign", [False, True])
def test_a_stranger_sends_nothing(surface: Surface, foreign: bool) -> None:
    surface.hook = Hook()
    headers = {**surface.session, "origin": "https://evil.test"} if foreign else surface.from_here
    assert surface.form(TEST, headers).status == (403 if foreign else 401)
    assert surface.call("POST", f"{API}/test", surface.session if foreign else {}).status == (403 if foreign else 401)
    assert surface.call("GET", API).status == 401
    assert surface.hook.sent == []


def test_the_api_lists_and_tests(surface: Surface) -> None:
    surface.hook = Hook(refusals=1)
    raised(surface.store)
    done = surface.call("POST", f"{API}/test", surface.bearer).json
    assert (done["kind"], done["delivered_at"], done["delivery"]) == (
        "test",
        None,
        "hooks.test answered with status 500",
    )
    test, rolled_back = surface.call("GET", API, surface.bearer).json
    assert test == done
    assert rolled_back["text"] == "Task <b>bank</b> is back on the LLM."
    assert (rolled_back["facts"], rolled_back["attempts"], rolled_back["good"]) == ({"by": "ann"}, 2, False)
    assert surface.call("POST", f"{API}/test", surface.bearer).json["delivery"] == "delivered"
