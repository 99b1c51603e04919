"""Cuts texts into tokens and finds what many texts have in common. Knows nothing of prompts."""

import re
from collections.abc import Callable, Iterator, Sequence

from shadowbert.recognition.stamps import STAMP

_TOKEN = re.compile(rf"{STAMP}|\w+|\s+|[^\w\s]")

Tokens = tuple[str, ...]


def tokenise(text: str) -> Tokens:
    """Words, runs of white space, single marks, whole dates and ids; joined again they are the text.

    >>> tokenise("Text: <<hi")
    ('Text', ':', ' ', '<', '<', 'hi')
    """
    return tuple(_TOKEN.findall(text))


def common_prefix(texts: Sequence[Tokens]) -> int:
    """How many tokens all texts begin with."""
    low, high = min(texts), max(texts)  # in the order of tuples these two differ first
    pairs = enumerate(zip(low, high, strict=False))
    return next((i for i, (one, other) in pairs if one != other), min(len(low), len(high)))


def common_run(texts: Sequence[Tokens], trim: Callable[[Tokens], Tokens]) -> Tokens:
    """Of the runs that all texts hold, each shortened by `trim`, the longest; empty where nothing is left."""
    alphabet = {token: chr(i) for i, token in enumerate({token for text in texts for token in text})}
    words = sorted(("".join(map(alphabet.__getitem__, text)) for text in texts), key=len)
    shortest = min(texts, key=len)
    best: Tokens = ()
    for start, end in _maximal_runs(words[0], words[1:]):
        if end - start > len(best):
            best = max(best, trim(shortest[start:end]), key=len)
    return best


def _maximal_runs(word: str, others: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Bounds of the pieces of `word` that all others hold and that cannot grow at either end."""
    end = 0
    for start in range(len(word)):
        before = end = max(end, start)
        while end < len(word) and all(word[start : end + 1] in other for other in others):
            end += 1
        if end > before:
            yield start, end


def split_at(text: Tokens, run: Tokens) -> tuple[Tokens, Tokens]:
    """What stands before and after the first occurrence of `run`, which `text` must hold."""
    at = next(i for i in range(len(text)) if text[i] == run[0] and text[i : i + len(run)] == run)
    return text[:at], text[at + len(run) :]
