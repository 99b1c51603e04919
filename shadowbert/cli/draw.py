"""`shadowbert draw` and `shadowbert label --next`: calls drawn at random, for people who are shown no answer."""

from collections.abc import Mapping
from secrets import randbelow
from typing import Annotated

import typer

from shadowbert.cli.operating import Hand, on_task
from shadowbert.cli.output import ask_for, emit, say
from shadowbert.errors import OperatorError
from shadowbert.flow.draw import SEEDS, Waiting, Wanted

NOBODY_WAITS = "no drawn call waits for an answer"
UNSURE = "skip"


@on_task
def draw(
    hand: Hand,
    count: Annotated[int, typer.Option("--count", min=1, help="How many calls.")] = 50,
    seed: Annotated[int | None, typer.Option("--seed", min=0, max=SEEDS - 1, help="Kept with them; random.")] = None,
    version: Annotated[str, typer.Option(help="Which version, or how its id begins: the newest.")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Also calls from before the newest student: they certify nobody.")
    ] = False,
) -> None:
    """Draw calls at random for people to answer, without showing them what the LLM or a student said."""
    chosen = randbelow(SEEDS) if seed is None else seed
    done = hand.operations.draw.draw(hand.task, hand.who, Wanted(count, chosen, version, everything))
    if hand.as_json:
        told = {"task": done.version.task, "version": done.version.id, "seed": chosen}
        emit({**told, "drawn": done.drawn, "left": done.left, "waiting": done.waiting})
        return
    how = f"answer them: shadowbert label {done.version.task} --next"
    say(f"{done.version.task}: {done.drawn} calls drawn (seed {chosen}), {done.waiting} wait; {how}")


def show_next(hand: Hand) -> None:
    """At a terminal one after another; else the next one, with the command that answers it."""
    waiting = hand.operations.draw.next(hand.task)
    if hand.as_json:
        emit(waiting.to_json() if waiting else None)
        return
    while waiting:
        _show(waiting)
        said = _asked(waiting)
        if said is None:
            command = f"shadowbert label {waiting.task} {waiting.exchange} --drawn"
            say(f"to answer it: {command} FIELD=LABEL, or {command} --skip")
            return
        waiting = tell(hand, waiting.exchange, said)
    say(f"{hand.task}: {NOBODY_WAITS}")


def tell(hand: Hand, exchange: str, said: Mapping[str, str]) -> Waiting | None:
    """Nothing said is a word too: that nobody can tell. Returns the next."""
    if said:
        hand.operations.draw.answer(hand.task, hand.who, exchange, said)
    else:
        hand.operations.draw.skip(hand.task, hand.who, exchange)
    return hand.operations.draw.next(hand.task)


def answer(hand: Hand, exchange: str, said: Mapping[str, str], *, skip: bool) -> None:
    if skip == bool(said):
        raise OperatorError("say either what the answer is or --skip")
    waiting = tell(hand, exchange, said)
    if hand.as_json:
        emit({"task": hand.task, "exchange": exchange, "skipped": skip, "next": waiting.to_json() if waiting else None})
        return
    left = f"{waiting.left} wait" if waiting else NOBODY_WAITS
    say(f"{hand.task}: {'skipped' if skip else 'noted'}; {left}")


def _show(waiting: Waiting) -> None:
    say(f"{waiting.exchange}  ({waiting.left} wait)")
    say(waiting.input)
    for name, labels in waiting.labels.items():
        say(f"  {name}: {', '.join(labels)}")


def _asked(waiting: Waiting) -> dict[str, str] | None:
    """Empty where the person cannot say, None where nobody sits there."""
    said: dict[str, str] = {}
    for name, labels in waiting.labels.items():
        label = ask_for(f"{name} (or {UNSURE})", [*labels, UNSURE])
        if label is None or label == UNSURE:
            return None if label is None else {}
        said[name] = label
    return said
