"""The application of one web process: the proxy's station is opened in the lifespan, our own surface beside it."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from shadowbert.admin_token import ensure_admin_token, read_admin_token
from shadowbert.bootstrap.serving import Serving, open_serving
from shadowbert.bootstrap.upstreams import upstream_rules
from shadowbert.bootstrap.working import open_operations, open_report
from shadowbert.children import FILE_NAME, read_children
from shadowbert.flow.incoming import Client, Incoming
from shadowbert.flow.recording import Tally
from shadowbert.sections import Settings
from shadowbert.web.admin import admin_routes
from shadowbert.web.app import create_app
from shadowbert.web.client import App
from shadowbert.web.dashboard import dashboard_routes
from shadowbert.web.desk import Desk
from shadowbert.web.metrics import exposition, metrics_routes
from shadowbert.web.sessions import Doorkeeper

MEGABYTE = 1024 * 1024
REFUSAL_TOLD_S = 60.0


class LateStation:
    """Stands at the proxy's door from the start; what answers is opened when the server starts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._serving: Serving | None = None
        self.body_limit = settings.server.body_limit_mb * MEGABYTE

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        async with open_serving(self._settings) as serving:
            self._serving = serving
            try:
                yield
            finally:
                self._serving = None

    @property
    def serving(self) -> Serving:
        """Raises RuntimeError outside the lifespan: no request comes then."""
        if self._serving is None:
            raise RuntimeError("the web process is not open")
        return self._serving

    async def answer(self, incoming: Incoming, client: Client) -> None:
        await self.serving.station.answer(incoming, client)

    def checks(self) -> Mapping[str, str | None]:
        """For /readyz."""
        serving, limits = self.serving, self._settings.watch
        failures = serving.engine.failures()
        return {
            "mirror": None if serving.mirror.age() < limits.mirror_max_age_s else "the store has not been read lately",
            "journal": _journal(serving.station.tally),
            "students": "; ".join(failures.values()) or None,
            "processes": self._processes(),
        }

    def metrics(self) -> str:
        serving = self.serving
        return exposition(serving.station.tally, mirror_age_s=serving.mirror.age(), told=serving.sentry.told())

    def _processes(self) -> str | None:
        children = read_children(self._settings.data_dir / FILE_NAME)
        if children is None or children.all_running:
            return None
        return ", ".join(f"{c.name} {c.state}" for c in children.children if c.state != "running")


def _journal(tally: Tally) -> str | None:
    """A load balancer that heeds /readyz sends no call that could show the journal sound again; so the word expires."""
    if tally.refused_at is None or time.monotonic() - tally.refused_at > REFUSAL_TOLD_S:
        return None
    return f"{tally.rows_lost} rows could not be written"


def build_app(settings: Settings) -> App:
    station = LateStation(settings)
    doorkeeper = Doorkeeper(read_admin_token(ensure_admin_token(settings.data_dir)))
    desk = Desk(
        report=lambda: open_report(settings, station.serving.store),
        operations=lambda: open_operations(settings, station.serving.store),
        checks=station.checks,
        home=settings.data_dir,
    )
    routers = (metrics_routes(station.metrics), admin_routes(desk, doorkeeper), dashboard_routes(desk, doorkeeper))
    rules = upstream_rules(settings)
    return create_app(station, checks=station.checks, lifespan=station.lifespan, routers=routers, upstreams=rules)
