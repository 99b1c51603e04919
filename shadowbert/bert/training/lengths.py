"""How long the inputs are that a student learns from and is judged on.

Refuses to decide what a caller's text is answered by.
"""

from collections.abc import Sequence

import numpy as np

from shadowbert.bert.serving.reader import Reader
from shadowbert.errors import InputTooLong

KNOWN = 0.99
"""The longest of a hundred is chance: one text of a book's length among them does not make books judged."""


def longest(texts: Sequence[str]) -> int:
    """Characters of the longest text of a length that was judged.

    >>> longest(["one", "two", "three"])
    3
    """
    return int(np.quantile([len(text) for text in texts], KNOWN, method="lower"))


def cut_share(texts: Sequence[str], reader: Reader) -> float:
    """Of how many texts only head and tail are read."""
    return float(np.mean([_is_cut(text, reader) for text in texts]))


def _is_cut(text: str, reader: Reader) -> bool:
    try:
        reader.whole(text)
    except InputTooLong:
        return True
    return False
