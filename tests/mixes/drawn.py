"""Mixes drawn by chance: any shapes and ways beside each other, often with the same labels, looked at in any rhythm."""

from random import Random

from tests.mixes.asks import WAYS, Way
from tests.mixes.mix import Asking, Mix, Phase
from tests.mixes.noise import NOISE
from tests.mixes.shapes import SHAPES

FEW: tuple[tuple[str, ...], ...] = (("urgency",), ("needs_human",), ("channel",))
MORE: tuple[tuple[str, ...], ...] = (*FEW, ("urgency", "needs_human"), ("intent",), ("intent", "channel"))
UNSTATED: tuple[Way, ...] = ("json_object", "word")
INSTRUCTIONS = (
    "Is the writer in a hurry? Judge by what is at stake.",
    "Classify the message.",
    "Pick the label that fits best; when two fit, take the first one that the text names.",
    "You label mail for a shop. Think of money, safety and the press before you answer, and never explain.",
    "Label it.",
    "What does the writer want from us? Use the house's list only, whatever the tone.",
    "Sort this for the night shift: parcels that wait in the rain come first, everything else can wait.",
)


def drawn(seed: int) -> Mix:
    draw = Random(seed)
    same = draw.choice(MORE) if draw.random() < 0.4 else None
    told = draw.sample(INSTRUCTIONS, draw.randint(2, 6))
    jobs = [_job(draw, n, instruction, same) for n, instruction in enumerate(told)]
    noise: tuple[str, ...] = draw.choice(((), tuple(NOISE), ("chat", "unique")))
    return Mix(f"drawn {seed}", [Phase(jobs, draw.choice((45, 60)), noise, batch=draw.choice((5, 15, 40, 100)))], seed)


def _job(draw: Random, number: int, instruction: str, same: tuple[str, ...] | None) -> Asking:
    """Where nobody states the labels there must be few, and one word is one field."""
    way = draw.choice(WAYS)
    known = FEW if way in UNSTATED else MORE
    fields = same if same in known else draw.choice(known)
    name = f"{'-'.join(fields)} {number}"
    return Asking(name, draw.choice(list(SHAPES)), way, instruction, fields=fields, seed=draw.randrange(3000))
