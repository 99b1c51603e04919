"""Train, calibration and held-out parts, by a hash of the normalised input.

Stable for ever: an input stays in its part whatever else arrives, on every machine, so duplicates never straddle parts
and a later student is never judged on what an earlier one learnt its thresholds from.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

from shadowbert.domain.records import ExampleRow

TRAIN_UNTIL, CALIBRATION_UNTIL = 0.75, 0.85


class Part(StrEnum):
    TRAIN = "train"
    CALIBRATION = "calibration"
    HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True)
class Parts:
    train: tuple[ExampleRow, ...]
    calibration: tuple[ExampleRow, ...]
    held_out: tuple[ExampleRow, ...]


def part_of(input_hash: str) -> Part:
    """75 % train, 10 % calibration, 15 % held out.

    >>> [str(part_of(f"i1:{n}")) for n in range(3)]
    ['train', 'held_out', 'held_out']
    """
    # Its own keyed hash, so that the part of an input has nothing to do with any coin drawn from the same hash.
    digest = blake2b(input_hash.encode(), digest_size=8, person=b"split").digest()
    point = int.from_bytes(digest) / 2**64
    if point < TRAIN_UNTIL:
        return Part.TRAIN
    return Part.CALIBRATION if point < CALIBRATION_UNTIL else Part.HELD_OUT


def split(examples: Iterable[ExampleRow]) -> Parts:
    """The examples of each part, in their order."""
    found: dict[Part, list[ExampleRow]] = {part: [] for part in Part}
    for example in examples:
        found[part_of(example.input_hash)].append(example)
    return Parts(
        train=tuple(found[Part.TRAIN]),
        calibration=tuple(found[Part.CALIBRATION]),
        held_out=tuple(found[Part.HELD_OUT]),
    )
