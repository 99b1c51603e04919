"""Dates, times and ids as texts hold them: what all samples share of these today, the next call will not.

Knows where they stand, not what they mean.
"""

import re
from collections.abc import Iterator

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp][Mm]\b)?(?: ?(?:UTC|GMT|Z|[+-]\d{2}:?\d{2}))?"
_DATE = (
    rf"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? )?"
    rf"(?:\d{{4}}[-/.]\d{{2}}[-/.]\d{{2}}|\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{4}}"
    rf"|{_MONTH} {_DAY},? \d{{4}}|{_DAY} {_MONTH},? \d{{4}})"
)
_ID = (
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|(?=[0-9a-f]*\d)[0-9a-f]{16,}|\d{8,}"
)
STAMP = rf"(?<!\w)(?:{_DATE}(?:(?:T|,? (?:at )?){_TIME})?|{_ID})(?!\w)"
"""A time alone is none: opening hours are part of a policy."""

_STAMP = re.compile(STAMP)
_AROUND = " \n.,;:!?()[]"

MOST = 4
"""In one text; more of them are data or examples, not the caller's clock."""


def is_stamp(text: str) -> bool:
    """Whether the text is one, but for the marks around it.

    >>> is_stamp("2025-11-05 10:00 UTC."), is_stamp("November 5, 2025"), is_stamp("on 2025-11-05")
    (True, True, False)
    """
    return _STAMP.fullmatch(text.strip(_AROUND)) is not None


def holds_stamp(text: str) -> bool:
    return _STAMP.search(text) is not None


def without_stamps(text: str) -> str:
    """The text with a mark in place of each: what texts of different days have in common.

    >>> without_stamps("Today is 2025-11-05.")
    'Today is #.'
    """
    return _STAMP.sub("#", text)


def split_at_stamps(text: str) -> list[str]:
    """What stands around the stamps; the whole text where there are none, or too many.

    >>> split_at_stamps("Today is Wed, 5 Nov 2025. Classify.")
    ['Today is ', '. Classify.']
    """
    spans = list(_spans(text))
    if not 0 < len(spans) <= MOST:
        return [text]
    starts, ends = [0, *(end for _, end in spans)], [*(start for start, _ in spans), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Two stamps with nothing told between them are one."""
    held: tuple[int, int] | None = None
    for found in _STAMP.finditer(text):
        start, end = found.span()
        if held is not None and not text[held[1] : start].strip(_AROUND):
            held = held[0], end
            continue
        if held is not None:
            yield held
        held = start, end
    if held is not None:
        yield held
