"""What a training child is given to learn from: the lines of examples.jsonl. Trains nothing and reads no store."""

from collections.abc import Collection, Sequence

from shadowbert.curation.callers import capped, windowed
from shadowbert.curation.split import Part, groups, part_of
from shadowbert.domain.records import ExampleRow
from shadowbert.flow.taught import MAX_CLIP

MAX_EXAMPLES = 20_000
SPLITS = {Part.TRAIN: "train", Part.CALIBRATION: "calibration", Part.HELD_OUT: "heldout"}


def learnt(known: Sequence[ExampleRow], share: float) -> list[ExampleRow]:
    """What a student is taught of all that is known: the latest, and of no caller more than this share."""
    return list(known[-MAX_EXAMPLES:]) if share >= 1 else windowed(capped(known, share), MAX_EXAMPLES)


def left_out(known: Sequence[ExampleRow], taught: Sequence[ExampleRow], share: float) -> frozenset[str]:
    """The inputs that only the cap kept from a student."""
    if share >= 1:
        return frozenset()
    return frozenset(example.input_hash for example in known).difference(example.input_hash for example in taught)


def lesson(known: Sequence[ExampleRow], without: Collection[str] = frozenset()) -> list[dict[str, object]]:
    """The latest of all examples that are known, without some inputs; near-duplicates in one part and, by their group,
    in one fold.
    """
    every = zip(known, groups(known), strict=True)  # of all: an eldest may be too old to be learnt itself
    dealt = [(example, group) for example, group in every if example.input_hash not in without]
    return [_line(example, group) for example, group in dealt[-MAX_EXAMPLES:]]


def _line(example: ExampleRow, group: str) -> dict[str, object]:
    return {
        "id": example.exchange_id,
        "input": example.input,
        "answer": list(example.answer),
        "split": SPLITS[part_of(group)],
        "weight": min(example.weight, MAX_CLIP),
        "group": group,
    }
