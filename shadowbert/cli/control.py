"""`cutover`, `rollback`, `pause`, `confirm` and their like: an operator's hand on a task, live within two seconds."""

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
from shadowbert.cli.output import emit, say
from shadowbert.domain.records import VersionRow
from shadowbert.flow.fills import described, fill_of
from shadowbert.flow.operate import Operate, Operator
from shadowbert.reporting import labels_of


def cutover(
    task: TaskArgument,
    force: Annotated[bool, typer.Option("--force", help="Skip the gate; recorded and shown in red.")] = False,
    share: Annotated[float, typer.Option(min=0.01, max=1.0, help="Share of eligible calls to serve.")] = 1.0,
    why: WhyOption = "",
    config: ConfigOption = None,
    pairs: SetOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let the task's student answer. Refuses, with the reason, while the gate has not passed."""
    with failures():
        settings, _ = gather(config, pairs, {"data_dir": data_dir})
        with opened_operations(settings) as operations:
            _tell(operations.operate.cutover(task, operator(why), share=share, force=force), as_json=as_json)


Command = Callable[..., None]


def _no_more(_: VersionRow) -> str:
    return ""


def _simple(
    act: Callable[[Operate, str, Operator], VersionRow],
    help_text: str,
    done: Callable[[VersionRow], str] = _no_more,
) -> Command:
    """A command that names a task and moves it; `done` says what else was done."""

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
                version = act(operations.operate, task, operator(why))
        _tell(version, as_json=as_json, done=done(version))

    command.__doc__ = help_text
    return command


def _answers(version: VersionRow) -> str:
    """What was confirmed: somebody should have looked at it."""
    return f"its answers are {labels_of(version.contract)}; "


rollback = _simple(Operate.rollback, "Back to the LLM at once; holds until somebody resumes the task.")
pause = _simple(Operate.pause, "Let the LLM answer everything; calls are still logged.")
off = _simple(Operate.off, "Let the LLM answer everything and stop logging the task's calls.")
confirm = _simple(Operate.confirm, "Say that the answers inferred from the LLM's replies are the right ones.", _answers)
resume = _simple(Operate.resume, "Go on gathering evidence; lifts the hold of a roll-back.")


def fill(
    task: TaskArgument,
    field: Annotated[str, typer.Argument(help="The field that no student can say, as `shadowbert show` names it.")],
    value: Annotated[
        str | None, typer.Option("--value", metavar="JSON", help="Say this in every local answer.")
    ] = None,
    omit: Annotated[bool, typer.Option("--omit", help="Leave it out, where the schema allows that.")] = False,
    llm: Annotated[bool, typer.Option("--llm", help="Let the LLM answer, as if nothing had been said.")] = False,
    why: WhyOption = "",
    config: ConfigOption = None,
    pairs: SetOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what stands in a local answer where no student can say it."""
    with failures():
        filling = fill_of(value=value, omit=omit, llm=llm)
        settings, _ = gather(config, pairs, {"data_dir": data_dir})
        with opened_operations(settings) as operations:
            version = operations.operate.fill(task, operator(why), field, filling)
        _tell(version, as_json=as_json, done=f"`{field}` is {described(filling)}; ")


def retrain(
    task: TaskArgument,
    why: WhyOption = "",
    config: ConfigOption = None,
    pairs: SetOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the worker for a new student now."""
    with failures():
        settings, _ = gather(config, pairs, {"data_dir": data_dir})
        with opened_operations(settings) as operations:
            examples = operations.operate.retrain(task, operator(why))
    if as_json:
        emit({"task": task, "examples": examples, "queued": True})
    else:
        say(f"{task}: a training on {examples} examples is queued")


def _tell(version: VersionRow, *, as_json: bool, done: str = "") -> None:
    if as_json:
        data = {"task": version.task, "version": version.id, "stage": version.stage.value, "share": version.share}
        emit({**data, "forced": version.forced, "held": version.held, "epoch": version.epoch})
        return
    share = f" at {version.share:.0%}" if version.stage.serves else ""
    marks = f"{' (forced)' if version.forced else ''}{' (held)' if version.held else ''}"
    say(f"{version.task}: {done}now {version.stage}{share}{marks}")
