"""Stands before our own surface: bodies are small, and every reply carries the headers that keep a browser safe.

Knows no routes and no tokens. The proxy's path does not pass here.
"""

from shadowbert.web.client import App, AsgiClient, ClientGone, Message, Receive, Scope, Send

MAX_BODY = 64 * 1024
HEADERS = {
    b"content-security-policy": b"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    b"base-uri 'none'; frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cache-control": b"no-store",
}
_TOO_LARGE = b'{"detail":"the body is larger than 64 KiB"}'


class Guard:
    """Reads a request's body before the application sees the request: nobody unknown fills our memory."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        client = AsgiClient(receive, _safely(send))
        try:
            async with client:
                body = await client.body(MAX_BODY)
        except ClientGone:
            return
        if isinstance(body, bytes):
            await self._app(scope, _again(body, receive), _safely(send))
            return
        await client.start(413, [(b"content-type", b"application/json"), (b"connection", b"close")])
        await client.send(_TOO_LARGE, more=False)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body that was read, then whatever the client says next."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def replay() -> Message:
        return next(messages, None) or await receive()

    return replay


def _safely(send: Send) -> Send:
    async def send_safely(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *((n, v) for n, v in HEADERS.items() if n not in given)]
        await send(message)

    return send_safely
