"""/healthz: this process runs. /readyz: it takes calls, and what of the house is out of order.

A fault of ours never fails a call, so it must not make a load balancer take the host out either: while calls are
relayed, /readyz answers 200, with `degraded` and the reasons where something is wrong.
"""

from collections.abc import Callable, Mapping

from fastapi import APIRouter
from fastapi.responses import JSONResponse

Checks = Callable[[], Mapping[str, str | None]]
"""Part of the house to what is wrong with it; None where nothing is. Must not block."""


def health_routes(checks: Checks) -> APIRouter:
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        found = dict(checks())
        status = "degraded" if any(found.values()) else "ready"
        parts = {part: wrong or "ok" for part, wrong in found.items()}
        return JSONResponse({"status": status, **parts})

    return router
