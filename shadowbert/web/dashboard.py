"""The page's routes: sign in, look at all tasks or one, command, sign out. Draws nothing itself."""

import asyncio
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import FileResponse, RedirectResponse, Response

from shadowbert.web.desk import Desk
from shadowbert.web.page import Page
from shadowbert.web.sessions import COOKIE, LIFETIME_S, Doorkeeper, same_origin

HOME = "/shadowbert/"
STATIC = Path(__file__).parent / "static"
KINDS = {"style.css": "text/css", "icon.svg": "image/svg+xml"}
WRONG_TOKEN_S = 0.5


def dashboard_routes(desk: Desk, doorkeeper: Doorkeeper) -> APIRouter:
    router, page = APIRouter(prefix="/shadowbert"), Page(desk)

    @router.get("/")
    async def home(request: Request) -> Response:
        if not doorkeeper.holds(request.cookies):
            return page.login()
        return await asyncio.to_thread(page.tasks)

    @router.get("/task")
    async def task(request: Request, name: Annotated[str, Query()] = "") -> Response:
        if not doorkeeper.holds(request.cookies):
            return page.login()
        return await asyncio.to_thread(page.task, name)

    @router.post("/command")
    async def command(request: Request) -> Response:
        if not doorkeeper.holds(request.cookies):
            return page.login("Sign in first.", status=401)
        if not same_origin(request.headers):
            return page.login("Commands must come from this page.", status=403)
        return await asyncio.to_thread(page.carry_out, await _form(request))

    _open_routes(router)
    _alert_routes(router, page, doorkeeper)
    _session_routes(router, page, doorkeeper)
    return router


def _open_routes(router: APIRouter) -> None:
    """What a stranger may have."""

    @router.get("")
    async def bare() -> Response:
        return RedirectResponse(HOME, 307)

    @router.get("/static/{name}")
    async def static(name: str) -> Response:
        if name not in KINDS:
            raise HTTPException(404, "there is no such file")
        return FileResponse(STATIC / name, media_type=KINDS[name], headers={"cache-control": "max-age=3600"})


def _alert_routes(router: APIRouter, page: Page, doorkeeper: Doorkeeper) -> None:
    @router.post("/alerts/test")
    async def test_alerts(request: Request) -> Response:
        if not doorkeeper.holds(request.cookies):
            return page.login("Sign in first.", status=401)
        if not same_origin(request.headers):
            return page.login("Commands must come from this page.", status=403)
        return await asyncio.to_thread(page.test_alerts)


def _session_routes(router: APIRouter, page: Page, doorkeeper: Doorkeeper) -> None:
    @router.post("/login")
    async def login(request: Request) -> Response:
        if not same_origin(request.headers):
            return page.login("This form must be sent from this page.", status=403)
        form = await _form(request)
        if not doorkeeper.knows(form.get("token", "").strip()):
            await asyncio.sleep(WRONG_TOKEN_S)
            return page.login("That is not the token.", status=401)
        response = RedirectResponse(HOME, 303)
        response.set_cookie(
            COOKIE,
            doorkeeper.session(),
            max_age=LIFETIME_S,
            path="/shadowbert",
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    @router.post("/logout")
    async def logout(request: Request) -> Response:
        response = RedirectResponse(HOME, 303)
        if same_origin(request.headers):
            response.delete_cookie(COOKIE, path="/shadowbert", httponly=True, samesite="strict")
        return response


async def _form(request: Request) -> dict[str, str]:
    """A urlencoded form; the last value counts where a name comes twice. The guard keeps it small."""
    text = (await request.body()).decode("utf-8", "replace")
    return {name: values[-1] for name, values in parse_qs(text).items()}
