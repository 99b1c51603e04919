"""The admin API under /shadowbert/api: everything the command line can do to a task, as JSON."""

import asyncio
import json
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from shadowbert.domain.records import VersionRow
from shadowbert.reporting import as_data
from shadowbert.web.desk import VERBS, Desk, Order
from shadowbert.web.sessions import Doorkeeper, same_origin

BY = "admin API"


class Command(BaseModel):
    """The body of a command; all of it may be left out."""

    model_config = ConfigDict(extra="forbid")

    why: Annotated[str, Field(max_length=1000)] = ""
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    force: bool = False
    field: Annotated[str, Field(max_length=1000)] = ""
    value: JsonValue = None
    """Null is a value too; what is not sent is none."""
    omit: bool = False
    llm: bool = False

    def order(self, task: str, verb: str) -> Order:
        value = json.dumps(self.value) if "value" in self.model_fields_set else None
        given = self.model_dump(exclude={"value"})
        return Order(task, verb, **given, value=value)


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

    @router.get("/tasks")
    def tasks() -> list[dict[str, object]]:
        return [as_data(task) for task in desk.report().tasks()]

    @router.get("/tasks/{task:path}")
    def task(task: str) -> list[dict[str, object]]:
        return [as_data(version) for version in desk.report().task(task)]

    @router.post("/tasks/{task:path}/{verb}")
    async def command(request: Request, task: str, verb: str) -> dict[str, object]:
        if verb not in VERBS:
            raise HTTPException(404, f"there is no command {verb!r}; there are {', '.join(VERBS)}")
        order = (await _command(request)).order(task, verb)
        return _outcome(task, await asyncio.to_thread(desk.carry_out, order, by=BY))

    return router


async def _command(request: Request) -> Command:
    """Read here and not by the framework, which would look at a stranger's body before it asks who he is."""
    body = await request.body()
    if not body:
        return Command()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "send JSON: content-type: application/json")
    try:
        return Command.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        raise HTTPException(422, f"{place}: {first['msg']}") from None


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
