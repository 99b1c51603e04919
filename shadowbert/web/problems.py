"""Our exceptions as HTTP statuses, for our own surface: the admin API says them as JSON, the page in its message line.

The proxy's path has no part in this: there a fault of ours is answered by the LLM.
"""

from types import MappingProxyType

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from shadowbert.errors import (
    ArtifactInvalid,
    OperatorError,
    ShadowbertError,
    StaleState,
    StoreError,
    UnfitValue,
    UnknownTask,
)

STATUSES: tuple[tuple[type[ShadowbertError], int], ...] = (
    (UnknownTask, 404),
    (UnfitValue, 422),
    (OperatorError, 409),
    (StaleState, 409),
    (ArtifactInvalid, 409),
    (StoreError, 503),
)


UNFIT = MappingProxyType(
    {
        "int_parsing": "must be a whole number",
        "greater_than_equal": "must be at least {ge:,}",
        "less_than_equal": "must be at most {le:,}",
    }
)
"""What people type wrongly into a form, in the words of the page."""


def status_of(error: ShadowbertError) -> int:
    """The first kind that fits; 500 for what an operator's command should never meet.

    >>> from shadowbert.errors import CutoverRefused
    >>> status_of(CutoverRefused()), status_of(StoreError())
    (409, 503)
    """
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def unfit(error: ValidationError) -> str:
    """The first thing that is wrong with an order, in a sentence."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"]) or "the body"
    said = UNFIT[first["type"]].format(**first.get("ctx", {})) if first["type"] in UNFIT else first["msg"]
    return f"{place}: {said}"


def tell_problems(app: FastAPI) -> None:
    """Let the application answer our exceptions in the shape of its other errors."""
    for kind, _ in STATUSES:
        app.add_exception_handler(kind, _tell)


async def _tell(_: Request, error: Exception) -> JSONResponse:
    status = status_of(error) if isinstance(error, ShadowbertError) else 500
    return JSONResponse({"detail": str(error)}, status)
