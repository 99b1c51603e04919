"""The guard before our own surface, without a server."""

import pytest

from shadowbert.web.client import Message, Receive, Scope, Send
from shadowbert.web.guard import HEADERS, MAX_BODY, Guard


class Repeater:
    """Answers with the body it was sent; says in which state it found the client afterwards."""

    def __init__(self) -> None:
        self.called = False
        self.next: Message = {}

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        self.called = True
        message = await receive()
        self.next = await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"Cache-Control", b"max-age=5")]})
        await send({"type": "http.response.body", "body": message["body"], "more_body": message["more_body"]})


async def through(*messages: Message, scope: str = "http") -> tuple[Repeater, list[Message]]:
    app, sent, inbox = Repeater(), [], iter([*messages, {"type": "http.disconnect"}])

    async def receive() -> Message:
        return next(inbox)

    async def send(message: Message) -> None:
        sent.append(message)

    await Guard(app)({"type": scope}, receive, send)
    return app, sent


def piece(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.parametrize("size", [0, 1, MAX_BODY])
async def test_a_small_body_comes_through_whole(size: int) -> None:
    body = b"x" * size
    app, sent = await through(piece(body[: size // 2], more=True), piece(body[size // 2 :], more=False))
    assert sent[1]["body"] == body
    assert app.next["type"] == "http.disconnect", "what comes after it is the server's own word"


async def test_a_large_body_is_refused_unread() -> None:
    app, sent = await through(piece(b"x" * MAX_BODY, more=True), piece(b"x", more=True))
    assert not app.called
    assert sent[0]["status"] == 413


async def test_a_client_that_leaves_is_let_go() -> None:
    app, sent = await through(piece(b"x", more=True))
    assert not app.called
    assert sent == []


async def test_headers_are_added_but_none_is_said_twice() -> None:
    _, sent = await through(piece(b"", more=False))
    names = [name.lower() for name, _ in sent[0]["headers"]]
    assert sorted(names) == sorted(HEADERS)
    assert (b"Cache-Control", b"max-age=5") in sent[0]["headers"]


async def test_what_is_not_http_passes() -> None:
    app, _ = await through(piece(b"", more=False), scope="lifespan")
    assert app.called
