"""Opens what a web process needs to answer calls: store, journal, upstream, engine, mirror, station."""

import asyncio
import logging
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

from shadowbert.bert.serving.engine import Engine, open_student
from shadowbert.bootstrap.alerting import Voice, webhook
from shadowbert.bootstrap.pulse import silence
from shadowbert.bootstrap.storage import check_store, coin_key
from shadowbert.bootstrap.upstreams import every_upstream, keyless, open_upstreams
from shadowbert.errors import SchemaOutdated, StoreError
from shadowbert.flow.answer import AnswerStation
from shadowbert.flow.delivery import Delivery
from shadowbert.flow.journal import SegmentJournal
from shadowbert.flow.mirror import StageMirror
from shadowbert.flow.policy import AnswerPolicy
from shadowbert.flow.pseudonyms import Pseudonyms
from shadowbert.flow.sentry import Sentry
from shadowbert.routing.coins import Coins
from shadowbert.sections import Settings
from shadowbert.store.store import Store

log = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024
LOOK_EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class Serving:
    """The machines of one web process."""

    station: AnswerStation
    store: Store
    mirror: StageMirror
    engine: Engine
    journal: SegmentJournal
    sentry: Sentry


@asynccontextmanager
async def open_serving(settings: Settings) -> AsyncIterator[Serving]:
    """Closed in reverse: the mirror's task, upstream connections, the engine, the journal, the store."""
    async with AsyncExitStack() as stack:
        store = Store(settings.store_url)
        stack.callback(store.close)
        key = await asyncio.to_thread(_key, settings, store)
        settings.journal_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        journal = stack.enter_context(
            SegmentJournal(
                settings.journal_dir,
                segment_bytes=settings.journal.segment_mb * MEGABYTE,
                durability=settings.journal.durability,
            )
        )
        student = settings.student
        engine = Engine(opener=partial(open_student, threads=student.threads, device=student.device))
        stack.callback(engine.close)
        mirror = StageMirror(
            store,
            engine,
            audit_rate=settings.policy.audit_rate,
            home=settings.data_dir,
            silence=partial(silence, settings),
        )
        upstream = await stack.enter_async_context(open_upstreams(settings))
        policy = _policy(settings, Pseudonyms(key))
        station = AnswerStation(
            upstream=upstream,
            journal=journal,
            stages=mirror,
            predictor=engine,
            coins=Coins(key or secrets.token_bytes(32)),
            policy=policy,
        )
        await asyncio.to_thread(mirror.refresh)
        await stack.enter_async_context(_again("the stage mirror", mirror.refresh, settings.watch.mirror_every_s))
        sentry = _sentry(settings, store, mirror, policy, stack.enter_context(Voice(settings)))
        await stack.enter_async_context(_again("the watch over the worker", sentry.look, LOOK_EVERY_S))
        yield Serving(station, store, mirror, engine, journal, sentry)


def _sentry(settings: Settings, store: Store, mirror: StageMirror, policy: AnswerPolicy, voice: Voice) -> Sentry:
    delivery = Delivery(store, webhook(settings), time.time)
    return Sentry(store, mirror, policy, delivery, time.time, socket.gethostname(), alone=voice.ours)


@asynccontextmanager
async def _again(what: str, look: Callable[[], None], every_s: float) -> AsyncIterator[None]:
    """Looks again and again, on a thread."""

    async def keep_looking() -> None:
        while True:
            await asyncio.sleep(every_s)
            # A look that fails in a way nobody foresaw must not be the last one: the mirror would age for ever.
            (fault,) = await asyncio.gather(asyncio.to_thread(look), return_exceptions=True)
            if isinstance(fault, Exception):
                log.error("%s failed; it is tried again", what, exc_info=fault)

    task = asyncio.create_task(keep_looking(), name=what)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _key(settings: Settings, store: Store) -> bytes | None:
    """The installation's, None while there is no store: calls are relayed and logged without one, too. Raises
    SchemaOutdated where it is of another revision.

    Coins with a key of their own do no harm: nothing is served before the mirror has seen the store, and they are as
    fair. Callers without one are all the same caller: under two names one could teach twice its share.
    """
    try:
        check_store(settings, store)
        return coin_key(store)
    except SchemaOutdated:
        raise
    except StoreError as error:
        log.warning("%s; until the store is back the LLM answers everything", error)
        return None


def _policy(settings: Settings, pseudonyms: Pseudonyms) -> AnswerPolicy:
    without_keys = keyless(settings)
    return AnswerPolicy(
        body_limit=settings.server.body_limit_mb * MEGABYTE,
        deadline_ms=settings.student.deadline_ms,
        student_mode=settings.student_mode == "allowed",
        checks_keys=len(without_keys) < len(every_upstream(settings)),
        keyless=without_keys,
        mirror_age=settings.watch.mirror_max_age_s,
        gate_age=settings.watch.gate_max_age_s,
        responses=settings.responses.local,
        headers=settings.server.headers,
        pseudonyms=pseudonyms,
    )
