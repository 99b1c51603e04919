"""What a new version is a version of: the task whose contract and skeleton are alike, else a new task with a name.

Knows rules of likeness and of naming; finds no templates.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from shadowbert.domain.contract import Contract, Path
from shadowbert.domain.records import VersionRow
from shadowbert.domain.template import ObjectShape, Skeleton
from shadowbert.recognition.objects import spans
from shadowbert.wire.request import Request

LIKENESS = 0.8
OVERLAP = 0.5
SAME = 0.9
"""Share of the labels that one contract has in two spellings."""
TELLING = 4
"""Words of an instruction; fewer are contained in the prompts of others by chance."""
NAME_CHARACTERS = 120
GENERIC = frozenset({"response", "final_result", "output", "result", "answer", "dspyprogramoutputs", "schema", ""})


def kin(versions: Sequence[VersionRow], contract: Contract, skeleton: Skeleton) -> str | None:
    """The task of the latest version whose contract and skeleton are alike: this is a new version of it.

    A library that writes the schema into the prompt, or sets the text off with marks, says far more than its caller:
    where the contract is the same, it is enough that one of the two says all that the other says.
    """
    for version in reversed(versions):
        if overlap(version.contract, contract) >= OVERLAP and likeness(version.skeleton, skeleton) >= LIKENESS:
            return version.task
        if same(version.contract, contract) and contained(version.skeleton, skeleton):
            return version.task
    return None


def overlap(one: Contract, other: Contract) -> float:
    """Share of all the labels of two contracts that both have in the same field (Jaccard 1901)."""
    mine, theirs = _labels(one), _labels(other)
    return len(mine & theirs) / len(mine | theirs)


def same(one: Contract, other: Contract) -> bool:
    """Whether two contracts are one; of an inferred one, no more than the labels seen so far can be asked for."""
    mine, theirs = _labels(one), _labels(other)
    asked = [labels for contract, labels in ((one, mine), (other, theirs)) if contract.inferred] or [mine | theirs]
    paths = [{path for path, _ in labels} for labels in (mine, theirs)]
    return paths[0] == paths[1] and len(mine & theirs) >= SAME * min(map(len, asked))


def _labels(contract: Contract) -> set[tuple[Path, str]]:
    return {(field.path, repr(label)) for field in contract.fields for label in field.labels}


def likeness(one: Skeleton, other: Skeleton) -> float:
    """Share of words that two skeletons have in common, in order (Ratcliff & Obershelp 1988)."""
    return SequenceMatcher(None, _words(one), _words(other), autojunk=False).ratio()


def contained(one: Skeleton, other: Skeleton) -> bool:
    """Whether the one that says less says nothing that the other does not say too, each piece of it whole."""
    short, long = sorted((_pieces(one), _pieces(other)), key=lambda pieces: sum(map(len, pieces)))
    if sum(map(len, short)) < TELLING:
        return False
    said = " ".join(["", *(word for piece in long for word in piece), ""])
    return all(" ".join(["", *piece, ""]) in said for piece in short)


def _words(skeleton: Skeleton) -> list[str]:
    return [word for piece in _pieces(skeleton) for word in piece]


def _pieces(skeleton: Skeleton) -> list[list[str]]:
    """The words of each constant. An object in them is the schema of the answers, which other tasks may state alike."""
    statics = [_prose(static).split() for message in skeleton.messages for static in message.statics]
    shapes = [_words_of(held) for m in skeleton.messages for held in m.holds if isinstance(held, ObjectShape)]
    return [piece for piece in statics + shapes if piece]


def _prose(text: str) -> str:
    pieces, done = list[str](), 0
    for start, end in spans(text):
        pieces.append(text[done:start])
        done = end
    return " ".join([*pieces, text[done:]])


def _words_of(shape: ObjectShape) -> list[str]:
    words: list[str] = []
    for key, part in shape.parts:
        below = _words_of(part) if isinstance(part, ObjectShape) else (part or "").split()
        words += [key, *below]
    return words


def explicit_name(request: Request) -> str:
    """What the caller calls the task; empty where it says nothing."""
    return (request.explicit_task or "")[:NAME_CHARACTERS]


def name_of(request: Request, contract: Contract) -> str:
    """The schema's name, or the fields' where that says nothing."""
    name = request.output.name if request.output else ""
    if name.lower() in GENERIC:
        outputs = dict.fromkeys(field.output[-1] for field in contract.fields if field.output)
        name = "-".join([*outputs][:3])
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    return re.sub(r"[^\w]+|_+", "-", spaced).strip("-").lower()[:80] or "task"


def free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(f"{name}-{n}" for n in range(2, len(taken) + 3) if f"{name}-{n}" not in taken)
