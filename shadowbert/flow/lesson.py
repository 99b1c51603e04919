"""What a training child is given to learn from: the lines of examples.jsonl. Trains nothing and reads no store."""

from collections.abc import Sequence

from shadowbert.curation.split import Part, groups, part_of
from shadowbert.domain.records import ExampleRow
from shadowbert.flow.taught import MAX_CLIP

MAX_EXAMPLES = 20_000
SPLITS = {Part.TRAIN: "train", Part.CALIBRATION: "calibration", Part.HELD_OUT: "heldout"}


def lesson(known: Sequence[ExampleRow]) -> list[dict[str, object]]:
    """The latest of all examples that are known; near-duplicates in one part and, by their group, in one fold."""
    dealt = list(zip(known, groups(known), strict=True))  # of all: an eldest may be too old to be learnt itself
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
