"""The headers that shadowbert adds to a reply, and the errors it makes itself. Reads none of the reply."""

import os
import re

from shadowbert.domain.route import Route
from shadowbert.domain.student import Prediction
from shadowbert.flow.ports import Headers
from shadowbert.wire.errors import error_body

_UNFIT = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def route_marks(exchange_id: str, route: Route, task: str | None) -> list[tuple[bytes, bytes]]:
    marks = [
        (b"x-shadowbert-exchange", exchange_id.encode("ascii")),
        (b"x-shadowbert-source", route.source.encode("ascii")),
        (b"x-shadowbert-reason", route.reason.encode("ascii")),
    ]
    if task is not None:
        marks.append((b"x-shadowbert-task", _UNFIT.sub(b"?", task.encode("utf-8", "replace"))))
    return marks


def student_marks(prediction: Prediction) -> list[tuple[bytes, bytes]]:
    return [
        (b"x-shadowbert-student", prediction.student_id.encode("ascii", "replace")),
        (b"x-shadowbert-confidence", f"{prediction.guess.joint:.4f}".encode("ascii")),
        (b"x-shadowbert-usage", b"estimated"),
    ]


def request_id() -> tuple[bytes, bytes]:
    """What upstream would have signed an answer of its own with; clients show it in their logs."""
    return b"x-request-id", b"req_" + os.urandom(16).hex().encode("ascii")


def error_reply(
    message: str,
    *,
    code: str,
    retry: bool,
    marks: Headers = (),
    type: str = "server_error",  # noqa: A002 - OpenAI's word
) -> tuple[Headers, bytes]:
    """An error in OpenAI's shape: its headers and its body."""
    body = error_body(message, code=code, type=type)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode("ascii")),
        request_id(),
        *marks,
    ]
    # The SDKs repeat a call after most failures; that only costs money where a repetition cannot help.
    return (headers if retry else [*headers, (b"x-should-retry", b"false")]), body
