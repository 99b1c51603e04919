"""`shadowbert task`: what a task is called, which versions it has, and whether it may get further ones."""

from collections.abc import Callable
from typing import Annotated

import typer

from shadowbert.cli.context import (
    ConfigOption,
    DataDirOption,
    JsonOption,
    SetOption,
    TaskArgument,
    WhyOption,
    failures,
    gather,
    opened_operations,
    operator,
)
from shadowbert.cli.control import confirm
from shadowbert.cli.inherit import inherit
from shadowbert.cli.output import emit, say
from shadowbert.cli.template import template
from shadowbert.domain.records import VersionRow
from shadowbert.flow.arrange import Arrange
from shadowbert.flow.operate import Operator

task = typer.Typer(help="Tasks as such: their names, their versions, their templates.", no_args_is_help=True)

Command = Callable[..., None]


@task.command()
def rename(
    task: TaskArgument,
    name: Annotated[str, typer.Argument(help="What the task is to be called.")],
    why: WhyOption = "",
    config: ConfigOption = None,
    pairs: SetOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Call a task otherwise; callers that name it as before go on landing in it."""
    with failures():
        settings, _ = gather(config, pairs, {"data_dir": data_dir})
        with opened_operations(settings) as operations:
            _tell(operations.arrange.rename(task, operator(why), name), as_json=as_json)


@task.command()
def merge(
    task: TaskArgument,
    others: Annotated[list[str], typer.Argument(metavar="OTHER", help="The tasks that become part of it.")],
    why: WhyOption = "",
    config: ConfigOption = None,
    pairs: SetOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the versions of other tasks versions of this one; their names go on leading to it."""
    with failures():
        settings, _ = gather(config, pairs, {"data_dir": data_dir})
        with opened_operations(settings) as operations:
            _tell(operations.arrange.merge(task, operator(why), others), as_json=as_json)


@task.command()
def split(
    task: TaskArgument,
    versions: Annotated[list[str], typer.Argument(metavar="VERSION", help="Versions by id, or how one begins.")],
    name: Annotated[str, typer.Option("--name", help="What the new task is to be called.")],
    why: WhyOption = "",
    config: ConfigOption = None,
    pairs: SetOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make some of a task's versions a task of their own."""
    with failures():
        settings, _ = gather(config, pairs, {"data_dir": data_dir})
        with opened_operations(settings) as operations:
            _tell(operations.arrange.split(task, operator(why), versions, name), as_json=as_json)


def _simple(act: Callable[[Arrange, str, Operator], VersionRow], help_text: str) -> Command:
    def command(
        task: TaskArgument,
        why: WhyOption = "",
        config: ConfigOption = None,
        pairs: SetOption = None,
        data_dir: DataDirOption = None,
        as_json: JsonOption = False,
    ) -> None:
        with failures():
            settings, _ = gather(config, pairs, {"data_dir": data_dir})
            with opened_operations(settings) as operations:
                _tell(act(operations.arrange, task, operator(why)), as_json=as_json)

    command.__doc__ = help_text
    return command


def _tell(version: VersionRow, *, as_json: bool) -> None:
    """The task as it is now."""
    if as_json:
        named = {"task": version.task, "former": list(version.former), "pinned": version.pinned}
        emit({**named, "version": version.id, "stage": version.stage.value, "share": version.share})
        return
    also = f", also called {', '.join(version.former)}" if version.former else ""
    say(f"{version.task}: now {version.stage}{', pinned' if version.pinned else ''}{also}")


COMMANDS: dict[str, Command] = {
    "template": template,
    "pin": _simple(Arrange.pin, "Let no further version be founded: calls that match none stay with the LLM."),
    "unpin": _simple(Arrange.unpin, "Let further versions be founded again."),
    "confirm": confirm,
    "inherit": inherit,
}
for _name, _command in COMMANDS.items():
    task.command(_name)(_command)
