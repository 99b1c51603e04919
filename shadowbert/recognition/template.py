"""The constant skeleton of a task's prompts: mined from samples, matched against calls.

What all samples share by accident must not become template, or the next call would not match: a doubtful constant
is left in the slot, where it does no harm. Knows nothing of contracts or answers.
"""

import re
from collections.abc import Sequence

from shadowbert.domain.template import SLOT_SEPARATOR, Prompt, Skeleton, SkeletonMessage
from shadowbert.recognition.tokens import Tokens, common_prefix, common_run, split_at, tokenise

MAX_INNER_TOKENS = 4_000
"""Longer texts are only compared at their ends."""
MAX_INNER_DEPTH = 32
"""How often the texts between two constants are searched for another one."""

_DELIMITER = re.compile(r"[\n:<>\[\]{}|#=*`\"]")
"""Marks that templates set around their holes and that prose seldom holds."""

_MIN_WORD_CHARACTERS = 4
_MIN_WORDS = 4
_STRAY_WORDS = 2


def mine(prompts: Sequence[Prompt]) -> Skeleton | None:
    """The shape that all prompts share. None: different numbers of messages or roles, no hole, or a hole in what the
    assistant said (a conversation, not a template). Give 20 prompts or more: accidents survive in fewer.
    """
    shapes = {tuple(message.role for message in prompt) for prompt in prompts}
    if len(prompts) < 2 or len(shapes) != 1:
        return None
    (roles,) = shapes
    columns = zip(*([message.text for message in prompt] for prompt in prompts), strict=True)
    messages = tuple(SkeletonMessage(role, _mine_texts(texts)) for role, texts in zip(roles, columns, strict=True))
    skeleton = Skeleton(messages)
    spoken = any(message.role == "assistant" and len(message.statics) > 1 for message in messages)
    if spoken or not skeleton.slots or any(match(skeleton, prompt) is None for prompt in prompts):
        return None
    return skeleton


def match(skeleton: Skeleton, prompt: Prompt) -> tuple[str, ...] | None:
    """The content of the slots in order, or None. Where a constant occurs twice its first occurrence counts."""
    if len(skeleton.messages) != len(prompt):
        return None
    slots: list[str] = []
    for shape, message in zip(skeleton.messages, prompt, strict=True):
        if shape.role != message.role or not _match_text(shape.statics, message.text, slots):
            return None
    return tuple(slots)


def input_text(slots: Sequence[str]) -> str:
    """What a student reads of a call."""
    return SLOT_SEPARATOR.join(slots)


def _match_text(statics: tuple[str, ...], text: str, slots: list[str]) -> bool:
    """Appends the slots of one message; False where it does not fit."""
    first, last = statics[0], statics[-1]
    if len(statics) == 1:
        return text == first
    start, end = len(first), len(text) - len(last)
    if start > end or not text.startswith(first) or not text.endswith(last):
        return False
    for static in statics[1:-1]:
        at = text.find(static, start, end)
        if at < 0:
            return False
        slots.append(text[start:at])
        start = at + len(static)
    slots.append(text[start:end])
    return True


def _mine_texts(texts: Sequence[str]) -> tuple[str, ...]:
    """The statics of one message: one where all texts are equal, else the ends (may be empty) and what lies between."""
    if len(set(texts)) == 1:
        return (texts[0],)
    rows = [tokenise(text) for text in texts]
    first = _before_slot(rows[0][: common_prefix(rows)])
    rows = [row[len(first) :] for row in rows]
    reverse = [row[::-1] for row in rows]
    last = _after_slot(reverse[0][: common_prefix(reverse)][::-1])
    rows = [row[: len(row) - len(last)] for row in rows]
    return tuple("".join(static) for static in (first, *_inner(rows), last))


def _inner(rows: Sequence[Tokens], depth: int = 0) -> list[Tokens]:
    """The constants between slots: the longest that all rows hold, then those before it and those after it."""
    if depth > MAX_INNER_DEPTH or max(map(len, rows)) > MAX_INNER_TOKENS:
        return []
    static = common_run(rows, _between_slots)
    if not static:
        return []
    halves = [split_at(row, static) for row in rows]
    before, after = ([half[i] for half in halves] for i in (0, 1))
    return [*_inner(before, depth + 1), static, *_inner(after, depth + 1)]


def _telling(run: Tokens) -> bool:
    return sum(len(token) for token in run if _is_word(token)) >= _MIN_WORD_CHARACTERS


def _before_slot(run: Tokens) -> Tokens:
    """A constant before a slot, without what may belong to the texts; empty where nothing telling is left.

    "Text: I" loses the "I" with which all texts happened to begin, "on 2025-11-" the year and month of the samples.
    """
    trimmed = _without_stray_words(_without_glued(run))
    return trimmed if _telling(trimmed) else ()


def _after_slot(run: Tokens) -> Tokens:
    """The same at the other end: ". Answer:" loses the full stop of the texts."""
    return _before_slot(run[::-1])[::-1]


def _between_slots(run: Tokens) -> Tokens:
    """Between two slots a common phrase is doubtful: it must be set off by a delimiter, or be a long one."""
    static = _before_slot(_after_slot(run))
    return static if any(map(_is_delimiter, static)) or sum(map(_is_word, static)) >= _MIN_WORDS else ()


def _without_glued(run: Tokens) -> Tokens:
    """Cut back to the last white space or delimiter: what touches the slot may be part of a word or a number."""
    end = next((i for i in range(len(run), 0, -1) if run[i - 1].isspace() or _is_delimiter(run[i - 1])), 0)
    return run[:end] if end else run


def _without_stray_words(run: Tokens) -> Tokens:
    """Cut back to the last delimiter, and the blank after it, when no more than two words follow it."""
    end = next((i for i in range(len(run), 0, -1) if _is_delimiter(run[i - 1])), 0)
    tail = run[end:]
    if sum(map(_is_word, tail)) > _STRAY_WORDS or not "".join(tail).strip():
        return run
    return run[: end + tail[0].isspace()]


def _is_word(token: str) -> bool:
    return token[0].isalnum() or token[0] == "_"


def _is_delimiter(token: str) -> bool:
    return _DELIMITER.search(token) is not None
