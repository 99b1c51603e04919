"""A running server tells people: one POST when a task is rolled back, and one when its worker falls silent."""

import hashlib
import hmac
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.calls import TASK, call, client
from tests.e2e.conftest import NO_TRAINING, QUICK, Api
from tests.e2e.seed import FIRST, look
from tests.e2e.tree import Tree, planted, until
from tests.receiver import HANG, Receiver

SECRET = "a-secret-for-tests"
SILENT_S = 3.0
"""After which a worker counts as silent; its rounds take far less."""


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver().open() as opened:
        yield opened


@pytest.fixture(scope="module")
def tree(live_dir: Path, api: Api, receiver: Receiver) -> Iterator[Tree]:
    receiver.script = [HANG]  # the first delivery: whatever comes of it, the rest goes on
    told = {"alerts.webhook_url": receiver.url, "alerts.secret": SECRET, "alerts.timeout_s": 1}
    look(live_dir)
    with planted(Tree(live_dir, api.url, {**QUICK, **NO_TRAINING, **told, "watch.gate_max_age_s": SILENT_S})) as tree:
        yield tree


def metric(tree: Tree, name: str) -> float:
    """0 where it is not told yet."""
    with urllib.request.urlopen(f"{tree.url}/metrics", timeout=5) as reply:
        lines = reply.read().decode().splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} ")), 0.0)


def test_a_silent_worker_stops_local_answers_and_is_told_without_it(tree: Tree, receiver: Receiver) -> None:
    with client(tree.url) as caller:
        numbers = iter(range(FIRST, 10 * FIRST))
        until(lambda: (answer := call(caller, next(numbers))) and answer.route == "student", told=tree.said)
        worker = psutil.Process(tree.children()["worker"].pid)
        worker.suspend()
        try:
            until(lambda: (answer := call(caller, next(numbers))) and answer.route == "llm:unwatched", told=tree.said)
            (message,) = until(lambda: receiver.of_kind("unwatched"), told=tree.said)
            until(lambda: metric(tree, 'shadowbert_alerts_total{kind="unwatched"}') == 1)
        finally:
            worker.resume()
        until(lambda: (answer := call(caller, next(numbers))) and answer.route == "student", told=tree.said)
    assert "the worker has not looked at the evidence" in message["text"]
    assert len(receiver.of_kind("unwatched")) == 1
    assert "WARNING shadowbert.flow.sentry: alert unwatched: On " in tree.log.read_text()


def test_a_rollback_is_one_post_signed_and_listed(tree: Tree, receiver: Receiver) -> None:
    tree.told("rollback", TASK, "--why", "a hunch")
    (message,) = until(lambda: receiver.of_kind("rolled_back"), told=tree.said)
    assert (message["task"], message["facts"]["why"]) == (TASK, "a hunch")
    body = next(body for body in receiver.bodies if message["id"].encode() in body)
    headers = receiver.headers[receiver.bodies.index(body)]
    assert headers["x-shadowbert-signature"] == f"sha256={hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}"
    listed = until(lambda: (shown := of_kind(tree, "rolled_back")) and shown[0]["delivered_at"] and shown)
    assert [alert["id"] for alert in listed] == [message["id"]]
    assert len(receiver.of_kind("rolled_back")) == 1


def test_what_a_hanging_webhook_did_not_take_is_tried_again(tree: Tree, receiver: Receiver) -> None:
    """The cut-over, or whatever came first: its first try hung."""
    first = receiver.messages[0]
    until(lambda: len([m for m in receiver.messages if m["id"] == first["id"]]) == 2, told=tree.said)
    until(lambda: metric(tree, "shadowbert_alerts_undelivered") == 0, told=tree.said)


def test_the_address_and_the_secret_stand_nowhere(tree: Tree) -> None:
    shown = tree.cli("alerts").stdout + tree.log.read_text()
    assert "s3cret-path" not in shown
    assert SECRET not in shown


def of_kind(tree: Tree, kind: str) -> list[dict[str, object]]:
    return [alert for alert in tree.told("alerts") if alert["kind"] == kind]
