"""Train, calibration and held-out parts, by a hash of the normalised input; near-duplicates together.

Stable for ever: an input stays in its part whatever else arrives, on every machine, so duplicates never straddle parts
and a later student is never judged on what an earlier one learnt its thresholds from. Near-duplicates are dealt as the
eldest of them. A newcomer that is like inputs of two parts goes with the eldest: nothing that was dealt moves, so that
newcomer alone has its like in both. Only where the eldest is gone, or where still older examples are inherited, a group
is dealt as another one of its inputs.
"""

from collections.abc import Sequence
from enum import StrEnum
from hashlib import blake2b

from shadowbert.curation.near import elders
from shadowbert.domain.records import ExampleRow

TRAIN_UNTIL, CALIBRATION_UNTIL = 0.75, 0.85


class Part(StrEnum):
    TRAIN = "train"
    CALIBRATION = "calibration"
    HELD_OUT = "held_out"


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


def groups(examples: Sequence[ExampleRow]) -> list[str]:
    """For each example, in the order in which they came, the input hash that its near-duplicates are all dealt by."""
    return [examples[elder].input_hash for elder in elders(example.input for example in examples)]
