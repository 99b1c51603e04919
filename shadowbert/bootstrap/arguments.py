"""How settings travel from the command line to child processes: as flags, never as a dump that `ps` would show."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shadowbert.errors import ConfigError
from shadowbert.sections import Settings
from shadowbert.settings import load_settings


@dataclass(frozen=True, slots=True)
class ChildArguments:
    settings: Settings
    role: str
    lifeline: int | None
    socket: int | None


def flags_of(pairs: Sequence[str]) -> dict[str, object]:
    """`--set key=value` pairs as dotted keys. Raises ConfigError."""
    flags: dict[str, object] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ConfigError(f"flag --set {pair}: should be KEY=VALUE, for example --set server.port=8800")
        flags[key.strip()] = value
    return flags


def as_arguments(config: Path | None, flags: Mapping[str, object]) -> list[str]:
    """The same settings for a child's command line."""
    given = [f"--set={key}={value}" for key, value in flags.items() if value is not None]
    return [*([f"--config={config}"] if config else []), *given]


def read_arguments(argv: Sequence[str], *, roles: Sequence[str]) -> ChildArguments:
    """What a child was started with. Raises ConfigError for bad settings."""
    parser = argparse.ArgumentParser(prog="shadowbert", description="A child process of `shadowbert serve`.")
    if len(roles) > 1:
        parser.add_argument("role", choices=roles)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--lifeline", type=int)
    parser.add_argument("--socket", type=int)
    given = parser.parse_args(argv)
    return ChildArguments(
        settings=load_settings(given.config, flags_of(given.set)),
        role=given.role if len(roles) > 1 else roles[0],
        lifeline=given.lifeline,
        socket=given.socket,
    )
