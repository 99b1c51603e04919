"""/healthz: this process runs. /readyz: it can do its work, or what is missing. Asks others, judges nothing itself."""

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
        ready = not any(found.values())
        parts = {part: wrong or "ok" for part, wrong in found.items()}
        return JSONResponse({"status": "ready" if ready else "not ready", **parts}, 200 if ready else 503)

    return router
