"""What the calls cost and what local answers saved, at list prices. Refuses to guess: an unlisted model has no bill."""

from collections.abc import Iterable
from dataclasses import dataclass

from shadowbert.demo.caller import Noted
from shadowbert.prices import cost


@dataclass(frozen=True, slots=True)
class Bill:
    """In US dollars. `saved` rests on the tokens that local answers are estimated to stand for."""

    spent: float
    saved: float


def bill(calls: Iterable[Noted], model: str) -> Bill | None:
    """None for a model without a listed price."""
    spent = saved = 0.0
    for call in calls:
        price = cost(model, call.prompt_tokens, call.completion_tokens)
        if price is None:
            return None
        if call.local:
            saved += price
        else:
            spent += price
    return Bill(spent, saved)
