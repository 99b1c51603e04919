"""`shadowbert task template`: what a task's template is, which of its slots count, and how it should be instead."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from shadowbert.cli.operating import Hand, on_task
from shadowbert.cli.output import emit, say, say_lines
from shadowbert.errors import OperatorError
from shadowbert.flow.reshape import Reshaped, TemplateView
from shadowbert.recognition.editing import Slot, marked, slots_of
from shadowbert.reporting import slot_of

DOCUMENT = ("task", "version", "messages", "calls", "inputs")
INPUT_SHOWN = 600


@on_task
def template(
    hand: Hand,
    count: Annotated[str | None, typer.Option("--count", metavar="1,3", help="Let these slots make the input.")] = None,
    edit: Annotated[
        str | None, typer.Option("--edit", metavar="FILE", help="Take this edited JSON for it; - is standard input.")
    ] = None,
    version: Annotated[str | None, typer.Option("--version", help="A version by its id, or how that begins.")] = None,
) -> None:
    """Show a task's template, or put another in its place: a version of its own, whose students are trained anew."""
    if count is None and edit is None:
        _show(hand.operations.reshape.view(hand.task, version), as_json=hand.as_json)
    else:
        _tell(_changed(hand, version, count=count, edit=edit), as_json=hand.as_json)


def _changed(hand: Hand, version: str | None, *, count: str | None, edit: str | None) -> Reshaped:
    reshape = hand.operations.reshape
    if count is not None and edit is not None:
        raise OperatorError("choose the slots with --count, or say them in the file of --edit, not both")
    if count is not None:
        return reshape.count(hand.task, hand.who, version, _numbers(count))
    messages, written_for = _document(edit or "")
    return reshape.edit(hand.task, hand.who, version or written_for, messages)


def _numbers(text: str) -> list[int]:
    try:
        return [int(number) for number in text.split(",")]
    except ValueError:
        raise OperatorError(f"say the slots by their numbers, as in 1,3, not {text!r}") from None


def _document(name: str) -> tuple[object, str | None]:
    """The messages, and the version that they were shown of."""
    try:
        read = json.loads(sys.stdin.read() if name == "-" else Path(name).read_text("utf-8"))
    except OSError as error:
        raise OperatorError(f"{Path(name)} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise OperatorError(f"{'standard input' if name == '-' else name} is no JSON: {error}") from None
    if not isinstance(read, dict):
        return read, None
    strange = [key for key in read if key not in DOCUMENT]
    if strange or "messages" not in read:
        told = f"an unknown key {strange[0]!r}" if strange else "no messages"
        raise OperatorError(f"the document has {told}; `shadowbert task template TASK --json` prints one to edit")
    version = read.get("version")
    return read["messages"], version if isinstance(version, str) else None


def _show(view: TemplateView, *, as_json: bool) -> None:
    if as_json:
        emit(view.to_json())
    else:
        say_lines(template_lines(view))


def _tell(done: Reshaped, *, as_json: bool) -> None:
    version = done.version
    if as_json:
        told = {"task": version.task, "version": version.id, "stage": version.stage.value, "replaced": done.replaced}
        emit({**told, "matched": done.matched, "looked_at": done.looked_at})
        return
    matches = f"it matches {done.matched} of the latest {done.looked_at} calls"
    say(f"{version.task}: version {version.id} stands in place of {done.replaced}; {matches}")
    say("The worker hands the calls over, and trains a student on them when there are enough.")


def template_lines(view: TemplateView) -> Iterator[Text]:
    """The messages with their slots numbered, what is known of each slot, and what a student reads."""
    yield Text(f"{view.task}  ({view.teacher}, version {view.version})", style="bold")
    for role, parts in marked(view.skeleton):
        yield Text(role, style="bold")
        yield from (_indented(line) for line in _message(parts).split("\n", allow_blank=True))
    for slot in slots_of(view.skeleton):
        yield Text(f"slot {slot.number}: {'counts' if slot.counts else 'does not count'}, {slot_of(slot, view)}")
    for note in view.notes:
        yield Text(f"{note}; --count says which slots do", style="yellow")
    for text in view.inputs:
        yield Text("what a student reads", style="bold")
        shown = text if len(text) <= INPUT_SHOWN else f"{text[:INPUT_SHOWN]}..."
        yield from (_indented(Text(line)) for line in shown.split("\n"))


def _message(parts: list[str | Slot]) -> Text:
    text = Text()
    for part in parts:
        if isinstance(part, str):
            text.append(part)
        else:
            text.append(f"{{{part.number}}}", style="bold cyan" if part.counts else "dim")
    return text


def _indented(line: Text) -> Text:
    return Text("  ") + line
