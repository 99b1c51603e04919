"""The real server of the demonstration: `shadowbert serve` as a process tree of its own, in its own data directory.

Refuses to know what is sent to it.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from shadowbert.errors import ConfigError, OperatorError
from shadowbert.lifeline import Lifeline
from shadowbert.sections import Settings
from shadowbert.settings import foreign_variables

PATIENCE_S = 60.0
CONFIG = "shadowbert.toml"
LOG = "serve.log"
HORIZON = 400
"""In so many calls the gate should have opened: of the 1,500 that are left, most shall be seen answered."""


@dataclass(slots=True)
class House:
    """A running server. `exit_code` is known after the context is left."""

    settings: Settings
    log: Path
    exit_code: int | None = None


def url_of(settings: Settings) -> str:
    return f"http://{settings.server.host}:{settings.server.port}/v1"


def settings_for(folder: Path, *, upstream: str, target: float, first: int) -> Settings:
    """The product's defaults but for what makes it short: one training that tunes at once, short looks.

    Raises ConfigError.
    """
    values = {
        "data_dir": folder,
        "server": {"port": _free_port()},
        "upstream": {"base_url": upstream},
        "training": {"first": first, "fine_tune_from": first, "threads": os.cpu_count() or 1, "horizon": HORIZON},
        "policy": {"target": target},
        "watch": {"mirror_every_s": 0.2},
        "worker": {"poll_s": 0.2},
    }
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"--{error.errors()[0]['loc'][0]}: {error.errors()[0]['msg']}") from None


@contextmanager
def serving(settings: Settings, *, patience_s: float = PATIENCE_S) -> Iterator[House]:
    """The server stops when the context is left: web drains, the loader empties the journal. Raises OperatorError."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    house = House(settings, settings.data_dir / LOG)
    config = settings.data_dir / CONFIG
    config.write_text(_toml(settings), encoding="utf-8")
    with Lifeline() as lifeline:
        process = _start(config, house.log, lifeline)
        try:
            _wait(house, lambda: process.poll() is None, patience_s)
            yield house
        finally:
            house.exit_code = _stop(process, patience_s)


def _start(config: Path, log: Path, lifeline: Lifeline) -> subprocess.Popen[bytes]:
    """In a group of its own: Ctrl-C reaches us alone, and the server is stopped in order; by the lifeline if we die."""
    command = [sys.executable, "-P", "-m", "shadowbert.cli.app", "serve", "--config", str(config)]
    with log.open("ab") as said:
        return subprocess.Popen(  # noqa: S603 - our own
            [*command, f"--lifeline={lifeline.fd}"],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env=foreign_variables(),
            process_group=0,
            pass_fds=(lifeline.fd,),
        )


def _wait(house: House, alive: Callable[[], bool], patience_s: float) -> None:
    until = time.monotonic() + patience_s
    while not _ready(house.settings):
        if not alive() or time.monotonic() > until:
            raise OperatorError(f"the server did not start: {_last_line(house.log)} (all of it in {house.log})")
        time.sleep(0.1)


def _ready(settings: Settings) -> bool:
    connection = http.client.HTTPConnection(settings.server.host, settings.server.port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return bool(json.loads(connection.getresponse().read())["status"] == "ready")
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes], patience_s: float) -> int:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _toml(settings: Settings) -> str:
    """Every setting that is not the default, as TOML: JSON's texts and numbers are TOML's too."""
    given = settings.model_dump(mode="json", exclude_defaults=True)
    plain = {key: value for key, value in given.items() if not isinstance(value, dict)}
    lines = [f"{key} = {json.dumps(value)}" for key, value in plain.items()]
    for section, values in given.items():
        if isinstance(values, dict):
            lines += [f"[{section}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"
