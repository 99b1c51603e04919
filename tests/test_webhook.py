"""The webhook against a real server: what is sent, what is refused, and that its address stays a secret."""

import hashlib
import hmac
import json
import logging
import socket
import traceback
from collections.abc import Iterator

import pytest

from shadowbert.errors import WebhookError
from shadowbert.webhook import SIGNATURE, Webhook
from tests.receiver import DRIP, HANG, Receiver

MESSAGE = {"id": "a1", "kind": "promoted", "text": "Täsk bank"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().open() as opened:
        yield opened


def refusal(webhook: Webhook) -> str:
    with pytest.raises(WebhookError) as raised:
        webhook.post(MESSAGE)
    assert "s3cret" not in "".join(traceback.format_exception(raised.value))
    return str(raised.value)


def test_json_by_post(receiver: Receiver) -> None:
    assert Webhook(receiver.url).post(MESSAGE) == 200
    assert receiver.paths == ["/services/T0/s3cret-path"]
    assert receiver.headers[0]["content-type"] == "application/json"
    assert SIGNATURE not in receiver.headers[0]
    assert receiver.messages == [MESSAGE]


def test_a_secret_signs_the_very_bytes(receiver: Receiver) -> None:
    Webhook(receiver.url, secret="k€y").post(MESSAGE)
    expected = hmac.new("k€y".encode(), receiver.bodies[0], hashlib.sha256).hexdigest()
    assert receiver.headers[0][SIGNATURE] == f"sha256={expected}"
    assert json.loads(receiver.bodies[0]) == MESSAGE


@pytest.mark.parametrize("status", [204, 299])
def test_any_2xx_is_a_delivery(receiver: Receiver, status: int) -> None:
    receiver.script = [status]
    assert Webhook(receiver.url).post(MESSAGE) == status


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_any_other_status_is_none(receiver: Receiver, status: int) -> None:
    receiver.script = [status]
    assert refusal(Webhook(receiver.url)) == f"127.0.0.1 answered with status {status}"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    receiver.script = [status]
    assert refusal(Webhook(receiver.url)).endswith(f"status {status}, a redirect, which is not followed")
    assert len(receiver.bodies) == 1


@pytest.mark.parametrize("misbehaviour", [HANG, DRIP])
def test_a_server_that_hangs_or_drips_is_left_in_time(receiver: Receiver, misbehaviour: str) -> None:
    receiver.script = [misbehaviour]
    assert refusal(Webhook(receiver.url, timeout_s=0.3)) in (
        "127.0.0.1 did not answer within 0.3 s",
        "127.0.0.1 cannot be reached: RemoteProtocolError",  # a long enough line of H is no status line
    )


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert refusal(Webhook(f"http://127.0.0.1:{port}/s3cret")) == "127.0.0.1 cannot be reached: ConnectError"


def test_no_log_line_says_the_address(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """httpx2 would log the whole of it for each request."""
    caplog.set_level(logging.INFO)
    receiver.script = [200, 500]
    webhook = Webhook(receiver.url, secret="hush")
    webhook.post(MESSAGE)
    refusal(webhook)
    assert "s3cret" not in caplog.text
    assert "hush" not in caplog.text + repr(webhook)
