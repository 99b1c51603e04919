"""Opens the worker's stations on a store, and the machines behind them."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from shadowbert.bootstrap.alerting import webhook
from shadowbert.bootstrap.cards import card_reader
from shadowbert.bootstrap.operations import Operations, operations_on
from shadowbert.domain.task import Policy
from shadowbert.flow.alarm import Alarm
from shadowbert.flow.collect import Collect
from shadowbert.flow.delivery import Delivery
from shadowbert.flow.promote import Promote
from shadowbert.flow.recipes import Recipes
from shadowbert.flow.report import Report
from shadowbert.flow.retain import Retain
from shadowbert.flow.shadow import Shadow, Shelf
from shadowbert.flow.train import Train, Trainer
from shadowbert.flow.unaudited import Unaudited
from shadowbert.sections import Settings
from shadowbert.store.store import Store

Clock = Callable[[], float]

POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Stations:
    """In the order in which records pass them."""

    collect: Collect
    train: Train
    shadow: Shadow
    promote: Promote
    unaudited: Unaudited
    retain: Retain
    alarm: Alarm
    delivery: Delivery


def open_stations(
    settings: Settings, store: Store, *, trainer: Trainer, shelf: Shelf, clock: Clock = time.time
) -> Stations:
    policy, hook = settings.default_policy, webhook(settings)
    return Stations(
        collect=Collect(store, clock, audit_rate=policy.audit_rate, max_tasks=policy.max_tasks),
        train=Train(store, trainer, policy, _recipes(settings), settings.data_dir.resolve(), clock, shelf),
        shadow=Shadow(store, shelf, clock),
        promote=Promote(store, policy, clock),
        unaudited=Unaudited(store, policy, clock),
        retain=Retain(store, settings.retention.payload_days, settings.retention.rows_days, clock),
        alarm=Alarm(store, policy, clock, settings.alerts.stuck_days, wanted=hook is not None),
        delivery=Delivery(store, hook, clock),
    )


def note_policy(settings: Settings, store: Store) -> None:
    """The worker's policy is the store's: whoever reports or commands judges by it, not by settings of their own."""
    with store.write() as work:
        work.marks.set(POLICY, note=json.dumps(asdict(settings.default_policy)))


def policy_of(settings: Settings, store: Store) -> Policy:
    """What the last worker judged by; these settings' where there has been none."""
    with store.read() as work:
        noted = work.marks.note(POLICY)
    return replace(Policy(**json.loads(noted)), always_llm=()) if noted else settings.default_policy


def open_report(settings: Settings, store: Store, *, clock: Clock = time.time) -> Report:
    return Report(store, policy_of(settings, store), clock, card_reader(settings.data_dir))


def open_operations(settings: Settings, store: Store, *, clock: Clock = time.time) -> Operations:
    return operations_on(store, policy_of(settings, store), clock, webhook(settings))


def _recipes(settings: Settings) -> Recipes:
    return Recipes(
        encoder=settings.student.encoder,
        pooling=settings.student.pooling,
        fine_tune_from=settings.training.fine_tune_from,
        threads=settings.training.threads,
        device=settings.training.device,
        devices=settings.training.devices,
        serving=settings.student.device,
        max_tokens=settings.student.max_tokens,
        horizon=settings.training.horizon,
    )
