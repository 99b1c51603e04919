"""`cutover`, `rollback`, `pause`, `confirm` and their like: an operator's hand on a task, live within two seconds."""

from collections.abc import Callable
from typing import Annotated

import typer

from shadowbert.cli.draw import answer, show_next
from shadowbert.cli.operating import Command, Hand, on_task
from shadowbert.cli.output import emit, say
from shadowbert.domain.records import VersionRow
from shadowbert.errors import OperatorError
from shadowbert.flow.correct import ALONE
from shadowbert.flow.fills import described, fill_of
from shadowbert.flow.operate import Operate, Operator
from shadowbert.reporting import labels_of


@on_task
def cutover(
    hand: Hand,
    force: Annotated[bool, typer.Option("--force", help="Skip the gate; recorded and shown in red.")] = False,
    hold: Annotated[
        bool,
        typer.Option("--hold", help="With --force: no alarm ends it, only an operator; shown in red all the time."),
    ] = False,
    share: Annotated[float, typer.Option(min=0.01, max=1.0, help="Share of eligible calls to serve.")] = 1.0,
) -> None:
    """Let the task's student answer. Refuses, with the reason, while the gate has not passed."""
    tell(hand, hand.operations.operate.cutover(hand.task, hand.who, share=share, force=force, hold=hold))


def _no_more(_: VersionRow) -> str:
    return ""


def _simple(
    act: Callable[[Operate, str, Operator], VersionRow],
    help_text: str,
    done: Callable[[VersionRow], str] = _no_more,
) -> Command:
    """A command that names a task and moves it; `done` says what else was done."""

    def command(hand: Hand) -> None:
        version = act(hand.operations.operate, hand.task, hand.who)
        tell(hand, version, done=done(version))

    command.__doc__ = help_text
    return on_task(command)


def _answers(version: VersionRow) -> str:
    """What was confirmed: somebody should have looked at it."""
    return f"its answers are {labels_of(version.contract)}; "


rollback = _simple(Operate.rollback, "Back to the LLM at once; holds until somebody resumes the task.")
pause = _simple(Operate.pause, "Let the LLM answer everything; calls are still logged.")
off = _simple(Operate.off, "Let the LLM answer everything and stop logging the task's calls.")
confirm = _simple(Operate.confirm, "Say that the answers inferred from the LLM's replies are the right ones.", _answers)
resume = _simple(Operate.resume, "Go on gathering evidence; lifts the hold of a roll-back.")


@on_task
def fill(
    hand: Hand,
    field: Annotated[str, typer.Argument(help="The field that no student can say, as `shadowbert show` names it.")],
    value: Annotated[
        str | None, typer.Option("--value", metavar="JSON", help="Say this in every local answer.")
    ] = None,
    omit: Annotated[bool, typer.Option("--omit", help="Leave it out, where the schema allows that.")] = False,
    llm: Annotated[bool, typer.Option("--llm", help="Let the LLM answer, as if nothing had been said.")] = False,
) -> None:
    """Say what stands in a local answer where no student can say it."""
    filling = fill_of(value=value, omit=omit, llm=llm)
    version = hand.operations.operate.fill(hand.task, hand.who, field, filling)
    tell(hand, version, done=f"`{field}` is {described(filling)}; ")


@on_task
def label(
    hand: Hand,
    exchange: Annotated[str, typer.Argument(help="The call, as `x-shadowbert-exchange` named it.")] = "",
    labels: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FIELD=LABEL...",
            help="What it should have been; a label alone will do "
            "where there is one field. Fields that are not named stay as they were said.",
        ),
    ] = None,
    upcoming: Annotated[bool, typer.Option("--next", help="Show the next call that `shadowbert draw` drew.")] = False,
    drawn: Annotated[bool, typer.Option("--drawn", help="Answer it: it was shown without any answer.")] = False,
    skip: Annotated[bool, typer.Option("--skip", help="Nobody can say what its answer is.")] = False,
) -> None:
    """Correct the answer to a call: in training your word goes before the LLM's. The gate counts what the LLM says."""
    said = _by_field(labels or [])
    if upcoming:
        show_next(hand)
    elif drawn:
        answer(hand, exchange, said, skip=skip)
    elif skip or not said:
        raise OperatorError("say FIELD=LABEL for an exchange; --skip is for calls that were drawn (--drawn)")
    else:
        _correct(hand, exchange, said)


def _correct(hand: Hand, exchange: str, said: dict[str, str]) -> None:
    done = hand.operations.correct.label(hand.task, hand.who, exchange, said)
    if hand.as_json:
        told = {"task": done.version.task, "version": done.version.id, "exchange": exchange}
        emit({**told, "answer": done.version.contract.describe(done.row.answer)})
        return
    say(f"{done.version.task}: corrected to {done.words}; the next student learns it")


def _by_field(labels: list[str]) -> dict[str, str]:
    """A label that stands alone is the only field's."""
    pairs = [text.partition("=") if "=" in text else (ALONE, "=", text) for text in labels]
    return {field: label for field, _, label in pairs}


@on_task
def retrain(
    hand: Hand,
    cancel: Annotated[bool, typer.Option("--cancel", help="End the training that is queued or under way.")] = False,
) -> None:
    """Ask the worker for a new student now."""
    if cancel:
        _cancel(hand)
        return
    examples = hand.operations.operate.retrain(hand.task, hand.who)
    if hand.as_json:
        emit({"task": hand.task, "examples": examples, "queued": True})
    else:
        say(f"{hand.task}: a training on {examples} examples is queued")


def _cancel(hand: Hand) -> None:
    job = hand.operations.operate.cancel(hand.task, hand.who)
    if hand.as_json:
        emit({"task": hand.task, "examples": job.examples, "queued": False, "training": job.state})
    else:
        say(f"{hand.task}: the training on {job.examples} examples is cancelled")


def tell(hand: Hand, version: VersionRow, *, done: str = "") -> None:
    if hand.as_json:
        data = {"task": version.task, "version": version.id, "stage": version.stage.value, "share": version.share}
        known = {name: getattr(version, name) for name in ("forced", "held", "frozen", "alarms_off")}
        emit({**data, **known, "epoch": version.epoch})
        return
    share = f" at {version.share:.0%}" if version.stage.serves else ""
    marks = [name.replace("_", " ") for name in ("forced", "held", "frozen", "alarms_off") if getattr(version, name)]
    say(f"{version.task}: {done}now {version.stage}{share}{''.join(f' ({mark})' for mark in marks)}")
