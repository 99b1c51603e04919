"""`python -m shadowbert.web`: one web process, a child of `shadowbert serve`."""

import logging
import os
import socket
import sys

from shadowbert.bootstrap.arguments import read_arguments
from shadowbert.errors import ShadowbertError
from shadowbert.lifeline import follow
from shadowbert.web.process import build_app
from shadowbert.web.server import server_for


def main(argv: list[str]) -> int:
    os.umask(0o077)  # what we write holds prompts
    arguments = read_arguments(argv, roles=("web",))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = arguments.settings
    if arguments.lifeline is not None:
        follow(arguments.lifeline, grace_s=30.0)
    listen = settings.server
    server = server_for(build_app(settings), host=listen.host, port=listen.port, keep_alive_s=listen.keep_alive_s)
    # A socket of ours is closed when draining begins; one that is passed as a number would be held to the very end.
    server.run(None if arguments.socket is None else [socket.socket(fileno=arguments.socket)])
    return 0 if server.started else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ShadowbertError as failure:
        sys.exit(f"shadowbert: {failure}")
