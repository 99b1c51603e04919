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
NAME_CHARACTERS = 120
GENERIC = frozenset({"response", "final_result", "output", "result", "answer", "dspyprogramoutputs", "schema", ""})


def kin(versions: Sequence[VersionRow], contract: Contract, skeleton: Skeleton) -> str | None:
    """The task of the latest version whose contract and skeleton are alike: this is a new version of it."""
    for version in reversed(versions):
        if overlap(version.contract, contract) >= OVERLAP and likeness(version.skeleton, skeleton) >= LIKENESS:
            return version.task
    return None


def overlap(one: Contract, other: Contract) -> float:
    """Share of all the labels of two contracts that both have in the same field (Jaccard 1901)."""
    mine, theirs = _labels(one), _labels(other)
    return len(mine & theirs) / len(mine | theirs)


def _labels(contract: Contract) -> set[tuple[Path, str]]:
    return {(field.path, repr(label)) for field in contract.fields for label in field.labels}


def likeness(one: Skeleton, other: Skeleton) -> float:
    """Share of words that two skeletons have in common, in order (Ratcliff & Obershelp 1988)."""
    return SequenceMatcher(None, _words(one), _words(other), autojunk=False).ratio()


def _words(skeleton: Skeleton) -> list[str]:
    """An object in them is the schema of the answers, which other tasks may state alike."""
    statics = [word for message in skeleton.messages for static in message.statics for word in _prose(static).split()]
    shapes = [held for m in skeleton.messages for held in m.holds if isinstance(held, ObjectShape)]
    return statics + [word for shape in shapes for word in _words_of(shape)]


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
