"""What a simulated upstream can do wrong, and how it does it on a real connection. Says nothing of when."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

import orjson
from aiohttp import web


class Kind(StrEnum):
    STATUS = "status"  # an error reply, with retry-after where there is one
    RESET_BEFORE = "reset_before"  # the connection dies before the first byte of the reply
    RESET_AFTER = "reset_after"  # it dies in the middle of the body
    HALF_BODY = "half_body"  # the body ends early, politely
    DRIP = "drip"  # the reply comes in small pieces
    SILENCE = "silence"  # no reply at all


@dataclass(frozen=True, slots=True)
class Fault:
    kind: Kind
    status: int = 500
    retry_after: float | None = None
    seconds: float = 0.01
    """Between two pieces of a drip."""


async def break_off(request: web.Request, reply: web.StreamResponse, body: bytes, fault: Fault) -> web.StreamResponse:
    """Fails in the fault's own way instead of sending the body."""
    transport = request.transport
    if fault.kind is Kind.STATUS or transport is None:
        return error(fault.status, "simulated", "A simulated failure.", retry_after=fault.retry_after)
    if fault.kind is Kind.SILENCE:
        await asyncio.Event().wait()
    if fault.kind in (Kind.RESET_AFTER, Kind.HALF_BODY):
        await reply.prepare(request)
        await reply.write(body[: len(body) // 2])
        await asyncio.sleep(0.02)  # let the half reach the reader before the connection goes
    if fault.kind is Kind.HALF_BODY:
        transport.close()
    else:
        transport.abort()
    return reply


def error(status: int, code: str, message: str, *, retry_after: float | None = None) -> web.Response:
    """An error as OpenAI words it."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    body = orjson.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})
    headers = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)
