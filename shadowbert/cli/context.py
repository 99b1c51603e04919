"""What commands share: settings from flags, an open store, who is typing, and how failures end."""

import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from shadowbert.bootstrap.arguments import flags_of
from shadowbert.bootstrap.operations import Operations
from shadowbert.bootstrap.storage import open_store
from shadowbert.bootstrap.working import open_operations, open_report
from shadowbert.cli.output import complain
from shadowbert.errors import ConfigError, SchemaOutdated, ShadowbertError, UnfitValue
from shadowbert.flow.operate import Operator
from shadowbert.flow.report import Report
from shadowbert.sections import Settings
from shadowbert.settings import load_settings

ConfigOption = Annotated[Path | None, typer.Option("--config", help="Settings file (TOML).", show_default=False)]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Any setting by its dotted key; may be repeated.", show_default=False
    ),
]
DataDirOption = Annotated[Path | None, typer.Option("--data-dir", help="Where journal, database and students lie.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
TaskArgument = Annotated[str, typer.Argument(help="The task's name, as `shadowbert status` shows it.")]
WhyOption = Annotated[str, typer.Option("--why", help="The reason, kept with the verdict.")]


@contextmanager
def failures() -> Iterator[None]:
    """One line on standard error: exit code 2 for settings, values and the schema, 1 for what cannot be done now."""
    try:
        yield
    except (ConfigError, SchemaOutdated, UnfitValue) as error:
        complain(str(error))
        raise typer.Exit(2) from None
    except ShadowbertError as error:
        complain(str(error))
        raise typer.Exit(1) from None


def gather(
    config: Path | None, pairs: list[str] | None, named: Mapping[str, object]
) -> tuple[Settings, dict[str, object]]:
    """Settings, and the flags they came from. Raises ConfigError."""
    flags = {**flags_of(pairs or []), **{key: value for key, value in named.items() if value is not None}}
    return load_settings(config, flags), flags


@contextmanager
def opened_report(settings: Settings) -> Iterator[Report]:
    with open_store(settings) as store:
        yield open_report(settings, store)


@contextmanager
def opened_operations(settings: Settings) -> Iterator[Operations]:
    with open_store(settings) as store:
        yield open_operations(settings, store)


def operator(why: str) -> Operator:
    """The system's user, so that a verdict names somebody."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"uid {os.getuid()}"
    return Operator(name, why)
