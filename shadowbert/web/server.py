"""The HTTP server in front of the application: uvicorn on httptools and uvloop, on an address or an open socket.

Adds no header of its own: a client sees upstream's `server` and `date`. Opens no machine, starts no process.
"""

import uvicorn

from shadowbert.web.client import App

_KEEP_ALIVE = 75
"""Seconds; longer than any SDK keeps an idle connection, so that the client is the one who closes it."""
_DRAIN = 25
"""Seconds that calls in flight may take after SIGTERM."""
_BACKLOG = 2048


def server_for(app: App, *, host: str = "127.0.0.1", port: int = 0, fd: int | None = None) -> uvicorn.Server:
    """`fd` is a bound socket that a supervisor passes on; host and port then only name it."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        fd=fd,
        loop="uvloop",
        http="httptools",
        ws="none",
        interface="asgi3",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_DRAIN,
        backlog=_BACKLOG,
    )
    return uvicorn.Server(config)
