"""How a student reads an input: as token ids, special ones included, and never more than its budget of them.

Refuses to know the model. One class for training and for serving, so that what was learnt from is what is read. What
callers wrote is text whatever it looks like: "[SEP]" in it is no border and "</s>" no end.

Of a longer text the head and the tail are read, a quarter and three quarters of the budget: 128 and 382 of 510 tokens
did best in Sun et al. 2019 (arXiv 1905.05583). Of a pair, [CLS] A [SEP] B [SEP], the longer text gives way first.
"""

from tokenizers import Encoding, Tokenizer

from shadowbert.domain.template import SLOT_SEPARATOR
from shadowbert.errors import ArtifactInvalid, InputTooLong

CHARACTERS = 16
"""A token of the budget. More of a text is not even tokenised: English has five a token, and a hundred thousand tokens
would cost half a second.
"""


class Reader:
    """Not thread-safe by promise: one thread at a time."""

    def __init__(self, tokenizer: bytes, *, max_tokens: int, pairs: bool = False) -> None:
        self.max_tokens = max_tokens
        self._characters = CHARACTERS * max_tokens
        self._pairs = pairs
        self._tokenizer = _open(tokenizer)

    def __call__(self, text: str) -> list[int]:
        """Of a text that is too long, head and tail."""
        encoding = self._encode(text)
        ids: list[int] = encoding.ids
        return ids if len(ids) <= self.max_tokens else self._cut(encoding)

    def whole(self, text: str) -> list[int]:
        """Of a text that is read from end to end; raises InputTooLong."""
        if len(text) > self._characters:
            raise InputTooLong
        ids: list[int] = self._encode(text).ids
        if len(ids) > self.max_tokens:
            raise InputTooLong
        return ids

    @property
    def border(self) -> int:
        """The token that ends the first text of a pair."""
        encoding = self._tokenizer.encode("", "")
        border: int = encoding.ids[encoding.type_ids.index(1) - 1] if 1 in encoding.type_ids else encoding.ids[-1]
        return border

    def _encode(self, text: str) -> Encoding:
        if self._pairs:
            first, border, second = text.partition(SLOT_SEPARATOR)
            if border:
                return self._tokenizer.encode(self._shorten(first), self._shorten(second))
        return self._tokenizer.encode(self._shorten(text))

    def _shorten(self, text: str) -> str:
        if len(text) <= self._characters:
            return text
        head = _head(self._characters)
        return text[:head] + text[head - self._characters :]

    def _cut(self, encoding: Encoding) -> list[int]:
        """Special tokens stay; each text keeps its head and its tail."""
        sides = encoding.sequence_ids
        places = [[place for place, own in enumerate(sides) if own == side] for side in (0, 1)]
        first, second = map(len, places)
        gone: set[int] = set()
        for own, room in zip(places, _rooms(first, second, self.max_tokens - sides.count(None)), strict=True):
            gone.update(own[_head(room) : len(own) - room + _head(room)])
        return [token for place, token in enumerate(encoding.ids) if place not in gone]


def _head(room: int) -> int:
    """A quarter, rounded up.

    >>> _head(510)
    128
    """
    return -(-room // 4)


def _rooms(first: int, second: int, budget: int) -> tuple[int, int]:
    """What each text of a pair may keep: the longer gives way until both are as long.

    >>> _rooms(10, 100, 50), _rooms(100, 10, 50), _rooms(100, 100, 51), _rooms(100, 0, 50)
    ((10, 40), (40, 10), (25, 26), (50, 0))
    """
    half = budget // 2
    if first <= half:
        return first, min(second, budget - first)
    if second <= budget - half:
        return budget - second, second
    return half, budget - half


def _open(content: bytes) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_buffer(content)
    except ValueError as exc:
        raise ArtifactInvalid(f"the tokenizer cannot be loaded: {exc}") from exc
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.encode_special_tokens = True  # as the text that they are
    return tokenizer
