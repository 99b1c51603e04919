"""`shadowbert task`: what a task is called, which versions it has, and whether it may get further ones."""

from collections.abc import Callable
from typing import Annotated

import typer

from shadowbert.cli.control import confirm
from shadowbert.cli.inherit import inherit
from shadowbert.cli.operating import Command, Hand, on_task
from shadowbert.cli.output import emit, say
from shadowbert.cli.template import template
from shadowbert.domain.records import VersionRow
from shadowbert.flow.arrange import Arrange
from shadowbert.flow.operate import Operator

task = typer.Typer(help="Tasks as such: their names, their versions, their templates.", no_args_is_help=True)


@task.command()
@on_task
def rename(
    hand: Hand,
    name: Annotated[str, typer.Argument(help="What the task is to be called.")],
) -> None:
    """Call a task otherwise; callers that name it as before go on landing in it."""
    _tell(hand, hand.operations.arrange.rename(hand.task, hand.who, name))


@task.command()
@on_task
def merge(
    hand: Hand,
    others: Annotated[list[str], typer.Argument(metavar="OTHER", help="The tasks that become part of it.")],
) -> None:
    """Make the versions of other tasks versions of this one; their names go on leading to it."""
    _tell(hand, hand.operations.arrange.merge(hand.task, hand.who, others))


@task.command()
@on_task
def split(
    hand: Hand,
    versions: Annotated[list[str], typer.Argument(metavar="VERSION", help="Versions by id, or how one begins.")],
    name: Annotated[str, typer.Option("--name", help="What the new task is to be called.")],
) -> None:
    """Make some of a task's versions a task of their own."""
    _tell(hand, hand.operations.arrange.split(hand.task, hand.who, versions, name))


def _simple(act: Callable[[Arrange, str, Operator], VersionRow], help_text: str) -> Command:
    def command(hand: Hand) -> None:
        _tell(hand, act(hand.operations.arrange, hand.task, hand.who))

    command.__doc__ = help_text
    return on_task(command)


def _tell(hand: Hand, version: VersionRow) -> None:
    """The task as it is now."""
    if hand.as_json:
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
