"""The HTTP server in front of the application: uvicorn on httptools and uvloop, on an address or an open socket.

Adds no header of its own: a client sees upstream's `server` and `date`. Opens no machine, starts no process.
"""

from math import ceil

import uvicorn

from shadowbert.web.client import App
from shadowbert.web.protocol import FaithfulProtocol

KEEP_ALIVE_S = 75.0
"""Longer than any SDK keeps an idle connection, so that the client is the one who closes it."""
_DRAIN = 25
"""Seconds that calls in flight may take after SIGTERM."""
_BACKLOG = 2048


def server_for(
    app: App,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    fd: int | None = None,
    keep_alive_s: float = KEEP_ALIVE_S,
) -> uvicorn.Server:
    """`fd` is a bound socket that a supervisor passes on; host and port then only name it."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        fd=fd,
        loop="uvloop",
        http=FaithfulProtocol,
        ws="none",
        interface="asgi3",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=ceil(keep_alive_s),
        timeout_graceful_shutdown=_DRAIN,
        backlog=_BACKLOG,
    )
    return uvicorn.Server(config)
