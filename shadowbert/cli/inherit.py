"""`shadowbert task inherit`: an earlier version's examples for a later one, on an operator's word or after a check."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import typer

from shadowbert.bootstrap.operations import Operations
from shadowbert.bootstrap.replaying import replay
from shadowbert.cli.asking import agreed, cost_data, price
from shadowbert.cli.operating import Hand, on_task
from shadowbert.cli.output import emit, say
from shadowbert.errors import OperatorError
from shadowbert.flow.carryover import UNMOVED, Comparison
from shadowbert.flow.inherit import Choice, Plan
from shadowbert.flow.operate import Operator
from shadowbert.sections import Settings

STAY = "students that were taught them stay"
SHOWN = 10
"""Labels, and moves from one to another."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed."""

    task: str
    choice: Choice
    who: Operator
    count: int
    yes: bool
    as_json: bool


@on_task
def inherit(
    hand: Hand,
    version: Annotated[str, typer.Option(help="The version that inherits, or how its id begins: the newest.")] = "",
    source: Annotated[
        str, typer.Option("--from", metavar="VERSION", help="The one it inherits from: the earlier one with most.")
    ] = "",
    check: Annotated[
        int | None,
        typer.Option("--check", metavar="N", min=1, help="First ask the LLM so many old inputs again; costs money."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a check.")] = False,
    none: Annotated[bool, typer.Option("--none", help="Give up what was inherited.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be carried over.")] = False,
) -> None:
    """Let a task's new version learn from the examples of an earlier one."""
    if none and (check or dry_run or source):
        raise OperatorError("--none gives up whatever was inherited: it goes with --version and --why only")
    wish = Wish(hand.task, Choice(version, source), hand.who, check or 0, yes, hand.as_json)
    if none:
        _give_up(hand.operations, wish)
    elif check and not dry_run:
        _check(hand.settings, hand.operations, wish)
    else:
        _allow(hand.operations, wish, dry_run=dry_run)


def _give_up(operations: Operations, wish: Wish) -> None:
    version = operations.inherit.give_up(wish.task, wish.who, wish.choice)
    if wish.as_json:
        emit({"task": version.task, "version": version.id, "inherits": []})
    else:
        say(f"{version.task}: version {version.id} inherits nothing any more; {STAY}")


def _allow(operations: Operations, wish: Wish, *, dry_run: bool) -> None:
    plan = operations.inherit.plan(wish.task, wish.choice)
    if not wish.as_json:
        _say_all(_planned(plan))
    if not dry_run:
        operations.inherit.allow(wish.task, wish.who, Choice(plan.version, plan.source))
    if wish.as_json:
        emit({**plan.to_json(), "carried": not dry_run})
    elif not dry_run:
        undo = f"to undo it: shadowbert task inherit {plan.task} --none"
        say(f"{plan.task}: {plan.examples} examples carried over; {undo}")


def _check(settings: Settings, operations: Operations, wish: Wish) -> None:
    check = operations.inherit.check(wish.task, wish.choice, wish.count)
    if not wish.as_json:
        _say_all([*_planned(check.plan), price(check.questions)])
    asked, command = check.questions, f"shadowbert task inherit {wish.task} --check {wish.count}"
    if not agreed(settings, asked, yes=wish.yes, as_json=wish.as_json, command=command):
        if wish.as_json:
            emit({**check.plan.to_json(), **cost_data(asked), "check": None, "carried": False})
        raise typer.Exit(1)
    replies = replay(settings, asked.upstream, asked.endpoint, [question.body for question in asked.every])
    found = operations.inherit.judge(check, replies, wish.who).comparison
    if wish.as_json:
        emit({**check.plan.to_json(), **cost_data(asked), "check": found.to_json(), "carried": found.passed})
    else:
        _say_all(_found(check.plan, found))
    if not found.passed:
        raise typer.Exit(1)


def _planned(plan: Plan) -> Iterator[str]:
    yield f"{plan.task}: version {plan.version} has {plan.known} examples"
    yield f"  {plan.examples} more would come from version {plan.source} (fields: {', '.join(plan.fields)})"
    for change in plan.changes or ("nothing but the calls",):
        yield f"  changed in between: {change}"
    for name, labels in plan.lost.items():
        shown = [f"{label} ({n})" for label, n in [*labels.items()][:SHOWN]]
        more = f" and {len(labels) - SHOWN} more" if len(labels) > SHOWN else ""
        yield f"  left out, for the label is none any more: {name} {', '.join(shown)}{more}"


def _found(plan: Plan, found: Comparison) -> Iterator[str]:
    yield f"{found.equal} of {found.rows} labels did not move: at least {found.bound:.1%}, {UNMOVED:.0%} is needed"
    for (name, old, new), n in [*found.moved.items()][:SHOWN]:
        yield f"  {name}: {old} → {new} {n} times"
    for reason, n in found.unfit.items():
        yield f"  {n} answers were none: {reason.replace('_', ' ')}"
    if found.unanswered:
        yield f"  {found.unanswered} calls failed and count for nothing"
    yield f"{plan.task}: {f'{plan.examples} examples carried over' if found.passed else 'nothing carried over'}"


def _say_all(lines: Iterator[str] | list[str]) -> None:
    for line in lines:
        say(line)
