"""Which variant of an encoder serves: the fastest of those that keep the answers.

Refuses to know how heads were fitted. fp32 keeps them by definition. Another must keep 99.5 % of fp32's on the surer
half of the held-out rows (only sure answers are ever served), one row always forgiven as chance. How fast each is is
measured as it would serve: one text at a time, on the device of serving, one thread.
"""

from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from statistics import median
from time import perf_counter

from shadowbert.bert.training import scores
from shadowbert.bert.training.corpus import VARIANTS, Corpus, Graphs, Variant, embed
from shadowbert.bert.training.heads import Floats32, Head, head_logits

KEEP = 0.995
FORGIVEN = 1
TIE = 1.1
"""Times the fastest: what takes no longer is as fast."""
TIMED = 48
WARMING = 3
"""The first runs make buffers, and on a GPU compile."""


def choose_variant(
    graphs: Graphs, corpus: Corpus, heads: Sequence[Head], int8: Floats32
) -> tuple[Variant, dict[str, float]]:
    """`int8` holds the int8 features of the held-out rows. With the numbers that the choice was made by."""
    texts = corpus.select(corpus.splits == "heldout")
    features = {own: int8 if own == "int8" else embed(graphs.path(own), corpus, texts) for own in graphs.variants()}
    plain = (1.0,) * len(heads)
    said = {own: scores.guesses(head_logits(heads, found, corpus.sizes), plain) for own, found in features.items()}
    kept = {own: scores.kept(guessed, said["fp32"]) for own, guessed in said.items() if own != "fp32"}
    ms = measured(graphs, corpus, texts)
    good = {own: ms[own] for own in said if own == "fp32" or _tolerable(1 - kept[own][0], len(texts) // 2)}
    told = {f"{own}.ms": round(took, 3) for own, took in ms.items()}
    for own, (sure, everywhere) in kept.items():
        told |= {f"{own}_keeps_sure": sure, f"{own}_keeps_all": everywhere}
    return fastest(good), told


def fastest(ms: Mapping[Variant, float]) -> Variant:
    """The smallest of those that are as good as fastest.

    >>> fastest({"int8": 2.1, "fp32": 7.3}), fastest({"int8": 2.2, "fp32": 2.1}), fastest({"int8": 2.4, "fp32": 2.1})
    ('int8', 'int8', 'fp32')
    """
    least = min(ms.values())
    return next(own for own in VARIANTS if own in ms and ms[own] <= TIE * least)


def measured(graphs: Graphs, corpus: Corpus, texts: Sequence[str]) -> dict[Variant, float]:
    """Median milliseconds a text. The variants take turns, so that what else the machine does slows all of them."""
    networks = {own: corpus.network(graphs.path(own)) for own in graphs.variants()}
    took: dict[Variant, list[float]] = {own: [] for own in networks}
    for text in islice(cycle(texts), WARMING + TIMED):
        for own, network in networks.items():
            began = perf_counter()
            network(text)
            took[own].append(1000 * (perf_counter() - began))
    return {own: median(runs[WARMING:]) for own, runs in took.items()}


def _tolerable(lost: float, rows: int) -> bool:
    return round(lost * rows) <= max(FORGIVEN, (1 - KEEP) * rows)
