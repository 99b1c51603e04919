"""The command `shadowbert`: one file a noun, put together here."""

import os
from collections.abc import Callable
from typing import Annotated

import typer

from shadowbert import __version__
from shadowbert.cli.alerts import alerts
from shadowbert.cli.ceiling import ceiling
from shadowbert.cli.control import confirm, cutover, fill, label, off, pause, resume, retrain, rollback
from shadowbert.cli.database import db
from shadowbert.cli.demo import demo
from shadowbert.cli.doctor import doctor
from shadowbert.cli.draw import draw
from shadowbert.cli.export import export
from shadowbert.cli.output import say
from shadowbert.cli.policy import policy
from shadowbert.cli.serve import serve, work
from shadowbert.cli.task import task
from shadowbert.cli.tasks import show, status, tasks
from shadowbert.cli.unaudited import unaudited
from shadowbert.cli.unrecognised import unrecognised
from shadowbert.cli.verdicts import verdicts

app = typer.Typer(
    help="A drop-in OpenAI proxy that trains a BERT on your classification calls and takes them over.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        say(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version


COMMANDS: dict[str, Callable[..., None]] = {
    "serve": serve,
    "work": work,
    "demo": demo,
    "status": status,
    "tasks": tasks,
    "show": show,
    "verdicts": verdicts,
    "unrecognised": unrecognised,
    "cutover": cutover,
    "rollback": rollback,
    "unaudited": unaudited,
    "pause": pause,
    "resume": resume,
    "off": off,
    "confirm": confirm,
    "fill": fill,
    "label": label,
    "draw": draw,
    "ceiling": ceiling,
    "policy": policy,
    "retrain": retrain,
    "export": export,
    "doctor": doctor,
}
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)
app.add_typer(db, name="db")
app.add_typer(task, name="task")
app.add_typer(alerts, name="alerts")


def main() -> None:
    os.umask(0o077)  # what we write holds prompts
    app()


if __name__ == "__main__":
    main()
