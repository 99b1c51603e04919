"""The first page: each task with its stage, agreement, coverage, who answers, and an operator's buttons."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from shadowbert.errors import OperatorError, StaleState, StoreError
from shadowbert.reporting import milliseconds, percent, stage_of
from shadowbert.web.charts import agreement_chart
from shadowbert.web.desk import Desk, Order
from shadowbert.web.sessions import COOKIE, LIFETIME_S, Doorkeeper, same_origin

HERE = Path(__file__).parent
HOME = "/shadowbert/"
BY = "dashboard"
MAX_FORM = 16 * 1024
WRONG_TOKEN_S = 0.5
SAFETY = {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}


def dashboard_routes(desk: Desk, doorkeeper: Doorkeeper) -> APIRouter:
    router = APIRouter()
    page = Page(desk, _environment())

    @router.get("/shadowbert")
    async def bare() -> Response:
        return RedirectResponse(HOME, 307)

    @router.get("/shadowbert/static/style.css")
    async def style() -> Response:
        return FileResponse(HERE / "static" / "style.css", media_type="text/css", headers=SAFETY)

    @router.get(HOME)
    async def home(request: Request) -> Response:
        if not doorkeeper.admits(request.headers, request.cookies):
            return page.login()
        return await asyncio.to_thread(page.tasks)

    _session_routes(router, page, doorkeeper)

    @router.post("/shadowbert/tasks/{task}/{verb}")
    async def command(request: Request, task: str, verb: str) -> Response:
        if not doorkeeper.admits(request.headers, request.cookies):
            return page.login(status=401)
        if not same_origin(request.headers):
            return page.login("Commands must come from this page.", status=403)
        form = await _form(request)
        order = Order(task, verb, why=form.get("why", ""), force="force" in form)
        return await asyncio.to_thread(page.carry_out, order)

    return router


def _session_routes(router: APIRouter, page: "Page", doorkeeper: Doorkeeper) -> None:
    @router.post("/shadowbert/login")
    async def login(request: Request) -> Response:
        form = await _form(request)
        if not same_origin(request.headers):
            return page.login("This form must be sent from this page.", status=403)
        if not doorkeeper.knows(form.get("token", "")):
            await asyncio.sleep(WRONG_TOKEN_S)
            return page.login("That is not the token.", status=401)
        return _with_session(doorkeeper.session(), secure=request.url.scheme == "https")

    @router.post("/shadowbert/logout")
    async def logout() -> Response:
        response = RedirectResponse(HOME, 303)
        response.delete_cookie(COOKIE, path="/shadowbert")
        return response


class Page:
    """Renders; every value is escaped by the environment."""

    def __init__(self, desk: Desk, environment: Environment) -> None:
        self._desk, self._environment = desk, environment

    def login(self, message: str = "", *, status: int = 200) -> Response:
        return self._html("login.html", status, message=message)

    def tasks(self, message: str = "", *, status: int = 200) -> Response:
        try:
            tasks = self._desk.report().tasks()
        except StoreError as error:
            return self._html("tasks.html", 503, tasks=[], message=str(error))
        return self._html("tasks.html", status, tasks=tasks, message=message)

    def carry_out(self, order: Order) -> Response:
        try:
            self._desk.carry_out(order, by=BY)
        except (OperatorError, StaleState, StoreError) as error:
            return self.tasks(str(error), status=409)
        return RedirectResponse(HOME, 303)

    def _html(self, template: str, status: int, **values: object) -> Response:
        text = self._environment.get_template(template).render(**values)
        return HTMLResponse(text, status, headers=SAFETY)


def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)
    environment.filters.update(percent=percent, ms=milliseconds, stage=stage_of)
    environment.globals["chart"] = lambda curve, target: Markup(agreement_chart(curve, target))  # noqa: S704 - our numbers
    return environment


async def _form(request: Request) -> Mapping[str, str]:
    """A small urlencoded form; what is larger or otherwise encoded is no form of ours."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            return {}
    return {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def _with_session(session: str, *, secure: bool) -> Response:
    response = RedirectResponse(HOME, 303)
    response.set_cookie(
        COOKIE, session, max_age=LIFETIME_S, path="/shadowbert", httponly=True, samesite="strict", secure=secure
    )
    return response
