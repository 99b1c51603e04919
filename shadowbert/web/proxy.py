"""The proxy's door: a plain ASGI application in front of the answer station, for every path that is not ours.

Refuses WebSockets in OpenAI's shape. No framework, no redirects, no CORS: whatever else a client says goes through.
"""

from typing import Protocol
from urllib.parse import quote

from shadowbert.flow.incoming import Client, Incoming, observed
from shadowbert.flow.marks import error_reply
from shadowbert.web.client import AsgiClient, ClientGone, Receive, Scope, Send

_NO_WEBSOCKETS = "shadowbert relays HTTP; WebSockets are not supported"


class Station(Protocol):
    """What stands behind the door."""

    @property
    def body_limit(self) -> int: ...
    async def answer(self, incoming: Incoming, client: Client) -> None: ...


class Proxy:
    def __init__(self, station: Station) -> None:
        self._station = station

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await _refuse_websocket(scope, receive, send)
        elif scope["method"] == "GET" and _wants_upgrade(scope):
            await _refuse_upgrade(send)
        else:
            await self._relay(scope, receive, send)

    async def _relay(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with AsgiClient(receive, send) as client:
                method, path = scope["method"], scope["path"]
                body = await client.body(self._station.body_limit if observed(method, path) else 0)
                if isinstance(body, bytes):
                    client.watch()
                await self._station.answer(Incoming(method, path, _target(scope), scope["headers"], body), client)
        except ClientGone:
            return  # nobody is left to be told


def _target(scope: Scope) -> bytes:
    path: bytes = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
    query: bytes = scope["query_string"]
    return path + b"?" + query if query else path


def _wants_upgrade(scope: Scope) -> bool:
    return any(name == b"upgrade" and value.lower() == b"websocket" for name, value in scope["headers"])


async def _refuse_upgrade(send: Send) -> None:
    """A server without WebSockets of its own hands the handshake over as a plain GET."""
    headers, body = error_reply(_NO_WEBSOCKETS, code="shadowbert_websocket_unsupported", retry=False)
    await send({"type": "http.response.start", "status": 501, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _refuse_websocket(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()  # websocket.connect
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1011, "reason": _NO_WEBSOCKETS})
        return
    headers, body = error_reply(_NO_WEBSOCKETS, code="shadowbert_websocket_unsupported", retry=False)
    await send({"type": "websocket.http.response.start", "status": 501, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
