"""The admin API under /shadowbert/api: everything the command line can do to a task, as JSON."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import ValidationError

from shadowbert.domain.records import TrainingJob
from shadowbert.flow.alerts import alert_data
from shadowbert.flow.inherit import Choice
from shadowbert.flow.operate import Operator
from shadowbert.governing import foreseen_data, setting_data
from shadowbert.reporting import as_data, line_data, unrecognised_data
from shadowbert.web.desk import Desk
from shadowbert.web.exports import add_exports
from shadowbert.web.orders import ORDERS, Order, Outcome
from shadowbert.web.problems import unfit
from shadowbert.web.sessions import Doorkeeper, same_origin

BY = "admin API"


def admin_routes(desk: Desk, doorkeeper: Doorkeeper) -> APIRouter:
    """A task's name may hold slashes: the verb is the last segment."""

    def admitted(request: Request) -> None:
        if doorkeeper.bears(request.headers):
            return
        if not doorkeeper.holds(request.cookies):
            raise HTTPException(401, "the admin token is needed: Authorization: Bearer <token>")
        if request.method != "GET" and not same_origin(request.headers):
            raise HTTPException(403, "commands by session must come from the dashboard itself")

    router = APIRouter(prefix="/shadowbert/api", dependencies=[Depends(admitted)])
    _add_views(router, desk)
    _add_alerts(router, desk)
    add_exports(router, desk)

    @router.post("/tasks/{task:path}/{verb}")
    async def command(request: Request, task: str, verb: str) -> dict[str, object]:
        if verb not in ORDERS:
            raise HTTPException(404, f"there is no command {verb!r}; there are {', '.join(ORDERS)}")
        order = await _read(request, ORDERS[verb])
        return _outcome(task, await asyncio.to_thread(desk.carry_out, task, order, by=BY))

    return router


def _add_views(router: APIRouter, desk: Desk) -> None:
    """What there is to see."""

    @router.get("/tasks")
    def tasks() -> list[dict[str, object]]:
        return [as_data(task) for task in desk.report().tasks()]

    @router.get("/tasks/{task:path}")
    def task(task: str) -> list[dict[str, object]]:
        return [as_data(version) for version in desk.report().task(task)]

    @router.get("/verdicts/{task:path}")
    def verdicts(task: str) -> list[dict[str, object]]:
        return [verdict.to_json() for verdict in desk.report().verdicts(task)]

    @router.get("/lineages")
    def lineages() -> list[dict[str, object]]:
        return [line_data(task) for task in desk.report().lineages()]

    @router.get("/inheritance/{task:path}")
    def inheritance(
        task: str, version: str = "", source: Annotated[str, Query(alias="from")] = ""
    ) -> dict[str, object]:
        return desk.operations().inherit.plan(task, Choice(version, source)).to_json()

    @router.get("/templates/{task:path}")
    def templates(task: str) -> list[dict[str, object]]:
        return [view.to_json() for view in desk.operations().reshape.views(task)]

    @router.get("/policies/{task:path}")
    def policy(task: str) -> list[dict[str, object]]:
        return [setting_data(setting) for setting in desk.operations().govern.standing(task)]

    @router.get("/draws/{task:path}")
    def draws(task: str) -> dict[str, object] | None:
        """The next drawn call, without what was answered to it."""
        waiting = desk.operations().draw.next(task)
        return waiting.to_json() if waiting else None

    @router.get("/unrecognised")
    def unrecognised() -> dict[str, object]:
        return unrecognised_data(desk.report().unrecognised())


def _add_alerts(router: APIRouter, desk: Desk) -> None:
    @router.get("/alerts")
    def alerts() -> list[dict[str, object]]:
        return [alert_data(alert) for alert in desk.operations().alerts.latest()]

    @router.post("/alerts/test")
    def test_alerts() -> dict[str, object]:
        return alert_data(desk.operations().alerts.test(Operator(BY)))


async def _read(request: Request, kind: type[Order]) -> Order:
    """Read here and not by the framework, which would look at a stranger's body before it asks who he is."""
    body = await request.body()
    if not body:
        return kind()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "send JSON: content-type: application/json")
    try:
        return kind.model_validate_json(body, strict=True)
    except ValidationError as error:
        raise HTTPException(422, unfit(error)) from None


def _outcome(task: str, result: Outcome) -> dict[str, object]:
    if isinstance(result, int):
        return {"task": task, "queued": True, "examples": result}
    if isinstance(result, TrainingJob):
        return {"task": task, "queued": False, "examples": result.examples, "training": result.state}
    if isinstance(result, tuple):
        return {"task": task, "foreseen": [foreseen_data(foresight) for foresight in result]}
    return {
        "task": result.task,
        "version": result.id,
        "stage": result.stage.value,
        "share": result.share,
        "forced": result.forced,
        "held": result.held,
        "frozen": result.frozen,
        "alarms_off": result.alarms_off,
    }
