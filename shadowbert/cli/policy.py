"""`shadowbert policy`: what a task must prove and how it is watched, shown, changed or tried out."""

from typing import Annotated

import typer

from shadowbert.cli.operating import Hand, on_task
from shadowbert.cli.output import emit, say
from shadowbert.domain.policy import KEYS
from shadowbert.errors import UnfitValue
from shadowbert.flow.govern import Setting
from shadowbert.governing import foreseen_data, foreseen_lines, setting_data, source_of

MANY = "always_llm"
"""The key that is named once a label."""


@on_task
def policy(
    hand: Hand,
    values: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...",
            help=f"What to change: {', '.join(KEYS)}. always_llm=FIELD=LABEL, once a label, takes the place of the "
            "list; always_llm= empties it.",
            show_default=False,
        ),
    ] = None,
    default: Annotated[
        list[str] | None,
        typer.Option("--default", metavar="KEY", help="Back to the default; may be repeated.", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would come of it.")] = False,
) -> None:
    """Show what a task must prove, with who set it and why; change it, live within two seconds."""
    wanted = {**_wanted(values or []), **dict.fromkeys(default or [])}
    if dry_run:
        _foretell(hand, wanted)
        return
    if wanted:
        hand.operations.govern.change(hand.task, hand.who, wanted)
    _tell(hand, hand.operations.govern.standing(hand.task))


def _wanted(values: list[str]) -> dict[str, object]:
    """Raises UnfitValue."""
    wanted: dict[str, object] = {}
    for text in values:
        key, equals, value = text.partition("=")
        if not equals:
            raise UnfitValue(f"{text!r} should be KEY=VALUE, for example target=0.97")
        before = wanted.get(key, ())
        wanted[key] = (*before, value) if key == MANY and isinstance(before, tuple) else value
    return wanted


def _foretell(hand: Hand, wanted: dict[str, object]) -> None:
    found = hand.operations.govern.foresee(hand.task, wanted)
    if hand.as_json:
        emit([foreseen_data(foresight) for foresight in found])
        return
    for line in (line for foresight in found for line in foreseen_lines(foresight)):
        say(line)


def _tell(hand: Hand, settings: list[Setting]) -> None:
    if hand.as_json:
        emit([setting_data(setting) for setting in settings])
        return
    wide = max(len(setting.words) for setting in settings)
    for setting in settings:
        say(f"{setting.key:<17}{setting.words:<{wide + 2}}{source_of(setting)}")
