"""`shadowbert alerts` and its test, against a real server."""

import json

import pytest

from shadowbert.store.store import Store
from tests.cli.conftest import Shell
from tests.receiver import Receiver
from tests.store.test_alerts import an_alert


def test_none_yet(shell: Shell) -> None:
    assert shell("alerts").stdout.strip() == "No alert yet."
    assert shell.json("alerts") == []


def test_they_are_listed_with_their_delivery(shell: Shell, store: Store) -> None:
    with store.write() as work:
        work.alerts.add(an_alert(attempts=1, last_error="hooks.test answered with status 500"))
    kind, text, delivery = shell("alerts").stdout.splitlines()
    assert kind.split("  ")[1:] == ["promoted", "bank"]
    assert text.strip() == "Task bank: verdict:1."
    assert delivery.strip() == "hooks.test answered with status 500; it is tried again"
    (shown,) = shell.json("alerts")
    assert (shown["kind"], shown["task"], shown["attempts"]) == ("promoted", "bank", 1)


def test_a_test_is_sent_and_kept(shell: Shell) -> None:
    with Receiver().open() as receiver:
        hook = f"--set=alerts.webhook_url={receiver.url}"
        done = shell("alerts", "test", hook)
        assert (done.exit_code, done.stdout.strip()) == (0, "the test alert: delivered")
        receiver.script = [404]
        refused = shell("alerts", "test", hook, "--json")
        assert refused.exit_code == 1
        assert json.loads(refused.stdout)["delivery"] == "127.0.0.1 answered with status 404"
        assert [message["kind"] for message in receiver.messages] == ["test", "test"]
        assert "s3cret" not in done.output + refused.output
    assert len(shell.json("alerts")) == 2


def test_without_a_webhook_there_is_nothing_to_test(shell: Shell) -> None:
    assert shell.refused("alerts", "test").startswith("no webhook is set: say alerts.webhook_url")


@pytest.mark.parametrize("url", ["ftp://hooks.test/s3cret", "https://me:s3cret@hooks.test/", "s3cret"])
def test_an_address_that_cannot_be_is_refused_without_being_told(shell: Shell, url: str) -> None:
    said = shell.refused("alerts", f"--set=alerts.webhook_url={url}", code=2)
    assert said == "flag alerts.webhook_url: should be an http or https URL without a user name"
