"""`shadowbert unaudited`: a student that nobody checks, for the LLM is down or gone; and what may be done about it."""

from typing import Annotated

import typer

from shadowbert.cli.control import tell
from shadowbert.cli.operating import Hand, on_task
from shadowbert.cli.output import emit, say
from shadowbert.errors import OperatorError
from shadowbert.flow.teacherless import Succession


@on_task
def unaudited(
    hand: Hand,
    freeze: Annotated[
        bool, typer.Option("--freeze", help="Let it answer on unchecked; recorded, shown in red.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Back to the LLM now, until somebody resumes.")] = False,
    new_teacher: Annotated[
        str,
        typer.Option(
            "--new-teacher", metavar="MODEL", help="Your clients will name this model: let it learn from here."
        ),
    ] = "",
) -> None:
    """Show whether nobody checks a task's answers, since when and until when; choose what becomes of it."""
    if freeze + stop + bool(new_teacher) > 1:
        raise OperatorError("choose one: --freeze, --stop or --new-teacher MODEL")
    if freeze:
        tell(hand, hand.operations.teacherless.freeze(hand.task, hand.who))
    elif stop:
        tell(hand, hand.operations.teacherless.stop(hand.task, hand.who))
    elif new_teacher:
        _succeed(hand, hand.operations.teacherless.succeed(hand.task, hand.who, new_teacher))
    else:
        _show(hand)


def _show(hand: Hand) -> None:
    found = hand.operations.teacherless.standing(hand.task)
    if hand.as_json:
        emit([{"task": v.task, "version": v.id, "teacher": v.teacher, **known.to_json()} for v, known in found])
        return
    for version, known in found:
        say(f"{version.task}, version {version.id}: {known.words(version.task)}")
    if not found:
        say(f"{hand.task}: what is answered locally is checked")


def _succeed(hand: Hand, done: Succession) -> None:
    new, old = done.version, done.source
    if hand.as_json:
        told = {"task": new.task, "version": new.id, "teacher": new.teacher, "from": old.id}
        emit({**told, "examples": done.examples, "founded": done.founded})
        return
    here, inherit = "is ready for" if done.founded else "takes", f"shadowbert task inherit {new.task}"
    say(f"{new.task}: version {new.id} {here} calls that name {new.teacher}")
    say(f"  {done.examples} examples teach its students; that their labels are the new model's, too, is your word")
    say(f"  to have that checked once calls have come: {inherit} --none, then {inherit} --check 100")
    say("  shadowbert never changes what your clients ask: name the new model there")
