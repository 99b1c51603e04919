"""`shadowbert ceiling`: how often the LLM agrees with itself; on demand it is asked past inputs again."""

from typing import Annotated

import typer

from shadowbert.bootstrap.replaying import replay
from shadowbert.cli.asking import agreed, cost_data, price
from shadowbert.cli.operating import Hand, on_task
from shadowbert.cli.output import emit, say
from shadowbert.flow.probe import Known, Plan, Probed


@on_task
def ceiling(
    hand: Hand,
    calls: Annotated[
        int, typer.Option("--calls", metavar="N", min=0, help="Ask the LLM so many past inputs again; costs money.")
    ] = 0,
    version: Annotated[str, typer.Option(help="Which version, or how its id begins: the newest.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before money is spent.")] = False,
) -> None:
    """Show how often the LLM agrees with itself, which no student can better by much."""
    if calls:
        _ask(hand, hand.operations.probe.plan(hand.task, calls, version), yes=yes)
        return
    known = hand.operations.probe.known(hand.task, version)
    if hand.as_json:
        emit(_data(known))
        return
    _tell(known)


def _ask(hand: Hand, plan: Plan, *, yes: bool) -> None:
    asked = plan.questions
    if not hand.as_json:
        say(f"{plan.task}: {price(asked)}")
    command = f"shadowbert ceiling {plan.task} --calls {len(asked.every)}"
    if not agreed(hand.settings, asked, yes=yes, as_json=hand.as_json, command=command):
        if hand.as_json:
            emit({"task": plan.task, "version": plan.version, **cost_data(asked), "probe": None})
        raise typer.Exit(1)
    replies = replay(hand.settings, asked.upstream, asked.endpoint, [question.body for question in asked.every])
    found = hand.operations.probe.record(plan, replies, hand.who)
    if hand.as_json:
        emit({**_data(found.known), **cost_data(asked), "probe": _probed_data(found)})
        return
    say(f"{found.equal} of {found.rows} answers were the same as the first time")
    for reason, n in found.unfit.items():
        say(f"  {n} answers were none: {reason.replace('_', ' ')}")
    if found.unanswered:
        say(f"  {found.unanswered} calls failed and count for nothing")
    _tell(found.known)


def _tell(known: Known) -> None:
    for sentence in known.sentences():
        say(f"{known.task}: {sentence}")


def _data(known: Known) -> dict[str, object]:
    told = {"task": known.task, "version": known.version, "target": known.target}
    return told | {"ceiling": known.ceilings.to_json(known.target), "words": known.sentences()}


def _probed_data(found: Probed) -> dict[str, object]:
    return {"equal": found.equal, "rows": found.rows, "unfit": dict(found.unfit), "unanswered": found.unanswered}
