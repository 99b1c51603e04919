"""The application, built by its arguments: one dispatcher in front of the proxy and of our own surface.

The proxy's path passes no framework; FastAPI serves only /shadowbert, /healthz, /readyz and /metrics.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter, FastAPI

from shadowbert.routing.upstreams import NO_RULES, UpstreamRules
from shadowbert.web.client import App, Receive, Scope, Send
from shadowbert.web.guard import Guard
from shadowbert.web.health import Checks, health_routes
from shadowbert.web.problems import tell_problems
from shadowbert.web.proxy import Proxy, Station

Lifespan = Callable[[], AbstractAsyncContextManager[object]]
"""Opens the machines behind the station when the server starts and closes them when it stops."""

_OURS = frozenset({"shadowbert", "healthz", "readyz", "metrics"})


def create_app(
    station: Station,
    *,
    checks: Checks,
    lifespan: Lifespan,
    routers: Sequence[APIRouter] = (),
    upstreams: UpstreamRules = NO_RULES,
) -> App:
    """`routers` carry the admin API and the dashboard."""
    own = FastAPI(title="shadowbert", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    for router in (health_routes(checks), *routers):
        own.include_router(router)
    tell_problems(own)
    return Dispatcher(Proxy(station, upstreams), Guard(own), lifespan)


class Dispatcher:
    """Sends each connection to the proxy unless its first path segment is ours."""

    def __init__(self, proxy: App, own: App, lifespan: Lifespan) -> None:
        self._proxy, self._own, self._lifespan = proxy, own, lifespan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif _first_segment(scope["path"]) in _OURS:
            await self._own(scope, receive, send)
        else:
            await self._proxy(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()  # lifespan.startup
        async with self._lifespan():
            await send({"type": "lifespan.startup.complete"})
            await receive()  # lifespan.shutdown
        await send({"type": "lifespan.shutdown.complete"})


def _first_segment(path: str) -> str:
    """A doubled slash must not carry the admin token past our door to upstream."""
    return path.lstrip("/").partition("/")[0]
