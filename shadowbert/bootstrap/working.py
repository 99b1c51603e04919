"""Opens the worker's stations on a store, and the machines behind them."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from shadowbert.flow.collect import Collect
from shadowbert.flow.operate import Operate
from shadowbert.flow.promote import Promote
from shadowbert.flow.report import Report
from shadowbert.flow.retain import Retain
from shadowbert.flow.shadow import Shadow, Shelf
from shadowbert.flow.train import Recipes, Train, Trainer
from shadowbert.settings import Settings
from shadowbert.store.store import Store

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Stations:
    """In the order in which records pass them."""

    collect: Collect
    train: Train
    shadow: Shadow
    promote: Promote
    retain: Retain


def open_stations(
    settings: Settings, store: Store, *, trainer: Trainer, shelf: Shelf, clock: Clock = time.time
) -> Stations:
    policy = settings.default_policy
    return Stations(
        collect=Collect(store, clock, audit_rate=policy.audit_rate),
        train=Train(store, trainer, policy, _recipes(settings), settings.data_dir.resolve(), clock),
        shadow=Shadow(store, shelf, clock),
        promote=Promote(store, policy, clock),
        retain=Retain(store, settings.retention.payload_days, settings.retention.rows_days, clock),
    )


def open_report(settings: Settings, store: Store, *, clock: Clock = time.time) -> Report:
    return Report(store, settings.default_policy, clock)


def open_operate(settings: Settings, store: Store, *, clock: Clock = time.time) -> Operate:
    return Operate(store, settings.default_policy, clock)


def _recipes(settings: Settings) -> Recipes:
    return Recipes(
        encoder=settings.student.encoder,
        fine_tune_from=settings.training.fine_tune_from,
        threads=settings.training.threads,
        max_tokens=settings.student.max_tokens,
        horizon=settings.training.horizon,
    )
