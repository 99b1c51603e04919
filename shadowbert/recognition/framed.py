"""Answers that are labels in a text that is always the same: DSPy's chat protocol, XML tags, "Topic: billing".

Finds that text among answers, reads labels out of it and writes them into it. Knows neither prompts nor JSON.
"""

import re
from collections import Counter
from collections.abc import Sequence

from shadowbert.domain.contract import Answer, Field, Frame
from shadowbert.recognition.mining import mine_texts
from shadowbert.recognition.template import match_statics
from shadowbert.recognition.writing import Piece

LONGEST_LINE = 80
LONGEST = 1_000
"""Characters of a line, and of a framed answer; what is longer is prose."""
MOST_HOLES = 16
MARKED = 0.5
"""Share of an answer's lines that name something, if it is framed: the others are labels."""

_MARK = re.compile(r"\s*(?:\[\[.+\]\]|<[^<>]+>.*|\**[\w .-]{1,40}\**:.*)\s*")
_NAME = re.compile(r"\w+(?:[ -]\w+)*")
_MARKS = re.compile(r"[^\w\s]|\n")


def may_be_framed(text: str) -> bool:
    r"""Whether half of its lines, or more, are marks as protocols set them around what they say.

    >>> may_be_framed("[[ ## topic ## ]]\nbilling\n\n[[ ## completed ## ]]"), may_be_framed("Dear Ann,\nthank you.")
    (True, False)
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or len(text) > LONGEST or max(map(len, lines)) > LONGEST_LINE:
        return False
    return sum(_MARK.fullmatch(line) is not None for line in lines) >= MARKED * len(lines)


def frame_of(texts: Sequence[str]) -> tuple[str, ...] | None:
    """The constant text around what differs in these answers, white space included; None where there is none.

    Where not all share one, those that most of them look like are tried: a teacher sometimes says something else.
    """
    stripped = [text.strip() for text in texts]
    return _frame(stripped) or _frame(_alike(stripped))


def rows_of(statics: Sequence[str], texts: Sequence[str]) -> list[tuple[str, ...]]:
    """What stands in the holes, of the texts that fit."""
    found = (_holes(statics, text) for text in texts)
    return [row for row in found if row is not None]


def names_of(statics: Sequence[str]) -> list[str]:
    r"""What each hole is called by the text before it, no name twice.

    >>> names_of(("<topic>", "</topic>\n<how urgent>", "</how urgent>")), names_of(("", ", ", "!"))
    (['topic', 'how urgent'], ['answer', 'answer-2'])
    """
    names: list[str] = []
    for static in statics[:-1]:
        words = _NAME.findall(static)
        name = words[-1] if words else "answer"
        taken = sum(known == name or known.startswith(f"{name}-") for known in names)
        names.append(f"{name}-{taken + 1}" if taken else name)
    return names


def framed(frame: Frame, fields: Sequence[Field], answer: Sequence[int]) -> list[Piece]:
    """An answer whose every field is a label."""
    written = [Piece(frame.statics[0])]
    for number, static in zip(frame.fields, frame.statics[1:], strict=True):
        written += [Piece(str(fields[number].labels[answer[number]]), number), Piece(static)]
    return written


def unframed(frame: Frame, fields: Sequence[Field], text: str) -> Answer | None:
    """None where the text is not in the frame; white space around labels makes no difference."""
    said = _holes(frame.statics, text)
    if said is None:
        return None
    found = dict(zip(frame.fields, said, strict=True))
    known = [(field, field.index(found[number])) for number, field in enumerate(fields)]
    answer = [field.other if index is None else index for field, index in known]
    return None if None in answer else tuple(index for index in answer if index is not None)


def _frame(texts: Sequence[str]) -> tuple[str, ...] | None:
    if len(set(texts)) < 2:
        return None
    statics = mine_texts(texts)
    inner = all(static.strip() for static in statics[1:-1])
    return statics if 2 <= len(statics) <= MOST_HOLES + 1 and inner and any(map(str.strip, statics)) else None


def _alike(texts: Sequence[str]) -> list[str]:
    """Those with the marks and the lines that most of them have."""
    shapes = ["".join(_MARKS.findall(text)) for text in texts]
    ((shape, _),) = Counter(shapes).most_common(1)
    return [text for text, own in zip(texts, shapes, strict=True) if own == shape]


def _holes(statics: Sequence[str], text: str) -> tuple[str, ...] | None:
    holes: list[str] = []
    fits = match_statics(tuple(static.strip() for static in statics), text.strip(), holes)
    return tuple(hole.strip() for hole in holes) if fits else None
