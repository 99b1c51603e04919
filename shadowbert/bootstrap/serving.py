"""Opens what a web process needs to answer calls: store, journal, upstream, engine, mirror, station."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

from shadowbert.bert.serving.engine import Engine, open_student
from shadowbert.bootstrap.pulse import silence
from shadowbert.bootstrap.storage import check_store, coin_key
from shadowbert.bootstrap.upstreams import every_upstream, keyless, open_upstreams
from shadowbert.errors import SchemaOutdated, StoreError
from shadowbert.flow.answer import AnswerStation
from shadowbert.flow.journal import SegmentJournal
from shadowbert.flow.mirror import StageMirror
from shadowbert.flow.policy import AnswerPolicy
from shadowbert.flow.pseudonyms import Pseudonyms
from shadowbert.routing.coins import Coins
from shadowbert.sections import Settings
from shadowbert.store.store import Store

log = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Serving:
    """The machines of one web process."""

    station: AnswerStation
    store: Store
    mirror: StageMirror
    engine: Engine
    journal: SegmentJournal


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
        station = AnswerStation(
            upstream=upstream,
            journal=journal,
            stages=mirror,
            predictor=engine,
            coins=Coins(key or secrets.token_bytes(32)),
            policy=_policy(settings, Pseudonyms(key)),
        )
        await asyncio.to_thread(mirror.refresh)
        await stack.enter_async_context(_mirroring(mirror, every_s=settings.watch.mirror_every_s))
        yield Serving(station, store, mirror, engine, journal)


@asynccontextmanager
async def _mirroring(mirror: StageMirror, *, every_s: float) -> AsyncIterator[None]:
    async def keep_fresh() -> None:
        while True:
            await asyncio.sleep(every_s)
            # A look that fails in a way nobody foresaw must not be the last one: the mirror would age for ever.
            (fault,) = await asyncio.gather(asyncio.to_thread(mirror.refresh), return_exceptions=True)
            if isinstance(fault, Exception):
                log.error("the stage mirror could not be refreshed", exc_info=fault)

    task = asyncio.create_task(keep_fresh(), name="mirror")
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
