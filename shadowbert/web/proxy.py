"""The proxy's door: a plain ASGI application in front of the answer station, for every path that is not ours.

Says which upstream a call goes to, by the configured rules alone. Refuses WebSockets in OpenAI's shape. No framework,
no redirects, no CORS: whatever else a client says goes through.
"""

from typing import Protocol
from urllib.parse import quote

from shadowbert.flow.incoming import Client, Incoming, Streamed, addressed, observed
from shadowbert.flow.marks import error_reply
from shadowbert.routing.upstreams import NO_RULES, UpstreamRules
from shadowbert.web.client import AsgiClient, ClientGone, Receive, Scope, Send
from shadowbert.web.protocol import TARGET

_NO_WEBSOCKETS = "shadowbert relays HTTP; WebSockets are not supported"
_MODEL_UNREAD = (
    "The model decides the upstream here, and this body cannot be read (too large, or compressed); use a path prefix"
)


class Station(Protocol):
    """What stands behind the door."""

    @property
    def body_limit(self) -> int: ...
    async def answer(self, incoming: Incoming, client: Client) -> None: ...


class Proxy:
    def __init__(self, station: Station, upstreams: UpstreamRules = NO_RULES) -> None:
        self._station, self._upstreams = station, upstreams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await _refuse_websocket(scope, receive, send)
        elif scope["method"] == "GET" and _wants_upgrade(scope):
            await _refuse(send, 501, _NO_WEBSOCKETS, code="shadowbert_websocket_unsupported")
        else:
            await self._relay(scope, receive, send)

    async def _relay(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with AsgiClient(receive, send) as client:
                received = await self._incoming(scope, client)
                incoming = addressed(received, self._upstreams)
                if incoming is not None:
                    await self._station.answer(incoming, client)
                    return
                await _read_to_its_end(received.body)
                await _refuse(send, 413, _MODEL_UNREAD, code="shadowbert_model_unread")
        except ClientGone:
            return  # nobody is left to be told

    async def _incoming(self, scope: Scope, client: AsgiClient) -> Incoming:
        method, path, target = scope["method"], scope["path"], _target(scope)
        prefix = self._upstreams.prefix(target.decode("latin-1"))
        body = await client.body(self._station.body_limit if observed(method, path[len(prefix) :]) else 0)
        if isinstance(body, bytes):
            client.watch()
        return Incoming(method, path, target, scope["headers"], body)


async def _read_to_its_end(body: bytes | Streamed) -> None:
    """A client that is still sending when we answer and close would see a broken connection instead of the answer."""
    if not isinstance(body, bytes):
        async for _ in body:
            pass


def _target(scope: Scope) -> bytes:
    """As the request line has it where our server tells (ASGI drops an empty query), else put together again."""
    told: bytes | None = scope.get("extensions", {}).get(TARGET)
    if told is not None:
        return told
    path: bytes = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
    query: bytes = scope["query_string"]
    return path + b"?" + query if query else path


def _wants_upgrade(scope: Scope) -> bool:
    """A server without WebSockets of its own hands the handshake over as a plain GET."""
    return any(name == b"upgrade" and value.lower() == b"websocket" for name, value in scope["headers"])


async def _refuse(send: Send, status: int, message: str, *, code: str) -> None:
    headers, body = error_reply(message, code=code, retry=False)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _refuse_websocket(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()  # websocket.connect
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1011, "reason": _NO_WEBSOCKETS})
        return
    headers, body = error_reply(_NO_WEBSOCKETS, code="shadowbert_websocket_unsupported", retry=False)
    await send({"type": "websocket.http.response.start", "status": 501, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
