"""The admin API under /shadowbert/api: everything the command line can do to a task, as JSON."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from shadowbert.domain.records import VersionRow
from shadowbert.errors import OperatorError, StaleState, StoreError, UnknownTask
from shadowbert.flow.report import TaskReport
from shadowbert.reporting import as_data
from shadowbert.web.desk import Desk, Order
from shadowbert.web.sessions import Doorkeeper, same_origin

BY = "admin API"


class Command(BaseModel):
    """The body of a command; all of it may be left out."""

    model_config = ConfigDict(extra="forbid")

    why: str = ""
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    force: bool = False


def admin_routes(desk: Desk, doorkeeper: Doorkeeper) -> APIRouter:
    def admitted(request: Request) -> None:
        if not doorkeeper.admits(request.headers, request.cookies):
            raise HTTPException(401, "the admin token is needed: Authorization: Bearer <token>")
        # A bearer token is never sent by a browser on its own; a cookie is.
        cookie_write = request.method != "GET" and "authorization" not in request.headers
        if cookie_write and not same_origin(request.headers):
            raise HTTPException(403, "commands by session must come from the dashboard itself")

    router = APIRouter(prefix="/shadowbert/api", dependencies=[Depends(admitted)])

    @router.get("/tasks")
    def tasks() -> list[dict[str, object]]:
        return [as_data(task) for task in _read(desk)]

    @router.get("/tasks/{task}")
    def task(task: str) -> list[dict[str, object]]:
        versions = _read(desk, task)
        if not versions:
            raise HTTPException(404, f"no task is called {task!r}")
        return [as_data(version) for version in versions]

    @router.post("/tasks/{task}/{verb}")
    def command(task: str, verb: str, body: Command | None = None) -> dict[str, object]:
        given = body or Command()
        order = Order(task, verb, why=given.why, share=given.share, force=given.force)
        return _outcome(task, _carried_out(desk, order))

    return router


def _read(desk: Desk, name: str | None = None) -> list[TaskReport]:
    try:
        return desk.report().tasks(name=name)
    except StoreError as error:
        raise HTTPException(503, str(error)) from error


def _carried_out(desk: Desk, order: Order) -> VersionRow | int:
    try:
        return desk.carry_out(order, by=BY)
    except UnknownTask as error:
        raise HTTPException(404, str(error)) from error
    except (OperatorError, StaleState) as error:
        raise HTTPException(409, str(error)) from error
    except StoreError as error:
        raise HTTPException(503, str(error)) from error


def _outcome(task: str, result: VersionRow | int) -> dict[str, object]:
    if isinstance(result, int):
        return {"task": task, "queued": True, "examples": result}
    return {
        "task": task,
        "version": result.id,
        "stage": result.stage.value,
        "share": result.share,
        "forced": result.forced,
        "held": result.held,
    }
