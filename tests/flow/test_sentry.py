"""Who tells people when the worker cannot: the answering process itself, with the store or without."""

import logging
from dataclasses import dataclass, field

import pytest

from shadowbert.domain.alert import HOUR_S, Alert, AlertKind
from shadowbert.domain.task import Stage, StageTable
from shadowbert.errors import StoreError
from shadowbert.flow.delivery import Delivery
from shadowbert.flow.policy import AnswerPolicy
from shadowbert.flow.sentry import GRACE_S, Sentry, Told
from shadowbert.store.store import Store
from shadowbert.testing.factories import version
from tests.flow.hooks import Hook
from tests.flow.test_delivery import finished
from tests.store.test_alerts import an_alert

NOW = 1_760_000_000.0
POLICY = AnswerPolicy(mirror_age=30, gate_age=600)
LIVE = (version(Stage.LIVE),)


@dataclass
class Mirror:
    """As old as it is told to be; the gate looked when it is told to have."""

    versions: tuple[object, ...] = LIVE
    seconds: float = 0.0
    looked_at: float | None = NOW
    revision: int = 1

    def table(self) -> StageTable:
        return StageTable(self.versions, self.revision, self.looked_at)  # type: ignore[arg-type]

    def age(self) -> float:
        return self.seconds


@dataclass
class Post:
    """A sentry at its post."""

    store: Store
    mirror: Mirror = field(default_factory=Mirror)
    hook: Hook = field(default_factory=Hook)
    now: float = NOW
    alone: bool = True

    def __post_init__(self) -> None:
        self.relieved()

    def relieved(self) -> None:
        """By a process that knows nothing yet."""
        delivery = Delivery(self.store, self.hook, lambda: self.now, draw=lambda: 1.0)
        self.sentry = Sentry(
            self.store, self.mirror, POLICY, delivery, lambda: self.now, "web1", alone=lambda: self.alone
        )

    def looks(self, *, after_s: float = 1.0, times: int = 1) -> None:
        for _ in range(times):
            self.now += after_s
            self.sentry.look()
            finished(self.sentry.delivery)

    def stay(self, seconds: float) -> None:
        """The worker goes on looking."""
        self.now += seconds
        self.mirror.looked_at = self.now
        self.looks()

    def silent(self) -> None:
        """The worker has said nothing for long enough."""
        self.now += 600
        self.looks()
        self.looks(after_s=GRACE_S)

    def alerts(self) -> list[Alert]:
        with self.store.read() as work:
            return work.alerts.latest(limit=100)[::-1]


@pytest.fixture
def post(sqlite_store: Store) -> Post:
    return Post(sqlite_store)


def test_while_somebody_watches_nothing_is_said(post: Post) -> None:
    for _ in range(3):
        post.stay(500)
    assert (post.alerts(), post.hook.sent) == ([], [])


def test_a_silent_worker_is_told_once_and_delivered_without_it(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shadowbert.flow.sentry")
    post.silent()
    post.looks(times=5)
    (alert,) = post.alerts()
    assert (alert.kind, alert.delivered_at is not None) == (AlertKind.UNWATCHED, True)
    assert alert.event.text.startswith("On web1 the worker has not looked at the evidence for too long")
    assert [sent["id"] for sent in post.hook.sent] == [alert.id]
    post.mirror.looked_at = post.now
    post.looks()
    levels = [(record.levelname, record.message[:14]) for record in caplog.records]
    assert levels == [("WARNING", "alert unwatche"), ("INFO", "somebody watch")]


def test_what_the_dead_worker_left_is_delivered_too(post: Post) -> None:
    left = an_alert("verdict:7", at=NOW, next_try_at=NOW)
    with post.store.write() as work:
        work.alerts.add(left)
    post.silent()
    assert post.sentry.told().counts == {AlertKind.UNWATCHED: 1, AlertKind.PROMOTED: 1}
    assert {sent["id"] for sent in post.hook.sent} >= {left.id}


def test_a_fault_that_comes_and_goes_is_told_once_an_hour(post: Post) -> None:
    post.silent()
    post.stay(10)
    post.silent()
    assert len(post.alerts()) == 1
    post.stay(HOUR_S)
    post.silent()
    assert len(post.alerts()) == 2
    assert len(post.hook.sent) == 2


def test_a_restart_does_not_tell_it_again(post: Post) -> None:
    post.silent()
    post.relieved()
    post.looks(after_s=GRACE_S, times=3)
    assert len(post.alerts()) == 1
    assert len(post.hook.sent) == 1


def test_a_hiccup_is_no_alert(post: Post) -> None:
    post.mirror.seconds = 31
    post.looks(after_s=GRACE_S / 4, times=3)
    post.mirror.seconds = 0
    post.looks(after_s=GRACE_S, times=3)
    assert post.alerts() == []


@pytest.mark.parametrize("stage", [Stage.SHADOW, Stage.COLLECTING, Stage.PAUSED])
def test_where_nothing_is_answered_locally_nobody_has_to_watch(post: Post, stage: Stage) -> None:
    post.mirror.versions = (version(stage),)
    post.silent()
    assert post.alerts() == []


def test_without_a_store_it_is_posted_at_once_and_written_later(post: Post) -> None:
    """The store is not even asked: one that is away may take for ever to say so."""
    store, post.sentry.ledger = post.store, Store("sqlite:///nowhere/at/all.db")
    post.mirror.seconds = float("inf")
    post.looks(after_s=GRACE_S, times=3)
    (sent,) = post.hook.sent
    assert sent["kind"] == "unwatched"
    assert sent["facts"] == {"host": "web1", "mirror_age_s": None}
    assert post.sentry.told() == Told({AlertKind.UNWATCHED: 1}, 0)
    post.sentry.ledger, post.mirror.seconds = store, 0.0
    post.looks()
    post.looks()
    (alert,) = post.alerts()
    assert (alert.id, alert.delivered_at is not None) == (sent["id"], True)
    assert post.sentry.told() == Told({AlertKind.UNWATCHED: 1}, 0)
    assert len(post.hook.sent) == 1


def test_without_a_store_it_is_tried_again(post: Post) -> None:
    post.mirror.seconds, post.hook.refusals = 31, 1
    post.looks(after_s=GRACE_S, times=2)
    assert (post.hook.tries, post.sentry.told().waiting) == (1, 1)
    post.looks()
    assert post.hook.tries == 1
    post.looks(after_s=10)
    assert (len(post.hook.sent), post.sentry.told().waiting) == (1, 0)


def test_a_host_that_has_never_read_the_store_says_so(post: Post) -> None:
    post.mirror.versions, post.mirror.revision, post.mirror.seconds = (), -1, float("inf")
    post.looks()
    assert post.hook.sent == []
    post.looks(after_s=GRACE_S)
    assert len(post.hook.sent) == 1


def test_one_process_speaks_for_a_host_and_all_count(post: Post) -> None:
    post.alone = False
    with post.store.write() as work:
        work.alerts.add(an_alert())
    post.silent()
    assert post.hook.sent == []
    assert post.sentry.told() == Told({AlertKind.PROMOTED: 1}, 1)


def test_a_store_that_refuses_meanwhile_breaks_nothing(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise StoreError("the database is locked")

    with monkeypatch.context() as locked:
        locked.setattr(post.store, "write", refuse)
        locked.setattr(post.store, "read", refuse)
        post.silent()
    assert len(post.hook.sent) == 1, "delivered from here"
    post.looks()
    assert [alert.delivered_at is not None for alert in post.alerts()] == [True]


def test_nobody_wants_it_delivered(sqlite_store: Store) -> None:
    post = Post(sqlite_store)
    post.sentry.delivery.post = None
    post.silent()
    assert [alert.next_try_at for alert in post.alerts()] == [None]
    post.mirror.seconds = 31
    post.looks(after_s=GRACE_S)
