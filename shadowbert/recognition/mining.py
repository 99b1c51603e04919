"""Finds the constant skeleton that the prompts of one task share.

What all samples share by accident must not become template, or the next call would not match: a doubtful constant
is left in the slot, where it does no harm. Knows nothing of contracts or answers.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from shadowbert.domain.template import Holds, Prompt, Skeleton, SkeletonMessage, Stamp
from shadowbert.recognition import shots
from shadowbert.recognition.objects import read_object, shape_of, spans
from shadowbert.recognition.stamps import is_stamp, split_at_stamps
from shadowbert.recognition.template import match, match_statics
from shadowbert.recognition.tokens import Tokens, common_prefix, common_run, split_at, tokenise

MAX_INNER_TOKENS = 4_000
"""Longer texts are only compared at their ends."""
MAX_INNER_DEPTH = 32
"""How often the texts between two constants are searched for another one."""
MAX_OBJECTS = 4
"""JSON objects in one text that are aligned by structure."""
REPEATING = 0.25
"""Contents of a slot for each sample: where there are fewer, they are no texts but a date, a name, a channel."""

_DELIMITER = re.compile(r"[\n:<>\[\]{}|#=*`\"]")
"""Marks that templates set around their holes and that prose seldom holds."""

_MIN_WORD_CHARACTERS = 4
_MIN_WORDS = 4
_STRAY_WORDS = 2


def mine(prompts: Sequence[Prompt]) -> Skeleton | None:
    """The shape that all prompts share. None: different numbers of messages or roles, no hole, or a conversation.
    Give 20 prompts or more: accidents survive in fewer.
    """
    shapes = {tuple(message.role for message in prompt) for prompt in prompts}
    if len(prompts) < 2 or len(shapes) != 1:
        return None
    (roles,) = shapes
    shown = shots.changing_turns(prompts)
    columns = [[prompt[at].text for prompt in prompts] for at in range(len(roles))]
    messages = tuple(
        SkeletonMessage(role, ("", ""))
        if at in shown
        else _mine_message(role, columns[at], clock=_instructs(roles, at))
        for at, role in enumerate(roles)
    )
    skeleton = Skeleton(messages, _slots_of(messages, shown))
    talk = _is_talk([message for at, message in enumerate(messages) if at not in shown])
    found = None if talk or not skeleton.slots else _contents(skeleton, prompts)
    if found is None:
        return None
    better = shots.without_changing(skeleton, found)
    contents = _contents(better, prompts)
    return replace(better, repeating=repeating(better, contents)) if contents else skeleton


def _is_talk(messages: Sequence[SkeletonMessage]) -> bool:
    """Whether the assistant says what varies, or answers what varies and is answered: a caller who was not content
    asks again like this, and its complaint is no text to classify.
    """
    spoken = [m.role == "assistant" for m in messages]
    varied = [m.slots > 0 and m.role in ("user", "assistant") for m in messages]
    first = varied.index(True) if True in varied else len(messages)
    return any(s and v for s, v in zip(spoken, varied, strict=True)) or any(spoken[first:-1])


def _instructs(roles: Sequence[str], at: int) -> bool:
    """An example and its answer hold the dates that they hold; what instructs may say what day it is."""
    return roles[at] != "assistant" and roles[at + 1 : at + 2] != ("assistant",)


def _contents(skeleton: Skeleton, prompts: Sequence[Prompt]) -> list[tuple[str, ...]] | None:
    """Of all slots in each prompt; None where one does not match."""
    found = [slots for prompt in prompts if (slots := match(skeleton, prompt)) is not None]
    return found if len(found) == len(prompts) else None


def _slots_of(messages: Sequence[SkeletonMessage], shown: frozenset[int]) -> tuple[int, ...]:
    """The numbers of the slots that these messages hold."""
    owners = [at for at, message in enumerate(messages) for _ in range(message.slots)]
    return tuple(slot for slot, at in enumerate(owners) if at in shown)


def repeating(skeleton: Skeleton, contents: Sequence[tuple[str, ...]]) -> tuple[tuple[int, int], ...]:
    """The slots of the input that had few contents in these prompts, and how many."""
    distinct = [(slot, len(set(column))) for slot, column in enumerate(zip(*contents, strict=True))]
    return tuple((s, n) for s, n in distinct if n <= REPEATING * len(contents) and s not in skeleton.excluded)


def _mine_message(role: str, texts: Sequence[str], *, clock: bool) -> SkeletonMessage:
    """`clock`: dates and ids that all texts share are left in slots."""
    statics = _dated(texts) if clock else None
    if statics is None:
        statics = ("", "") if len(set(texts)) > 1 and all(map(read_object, texts)) else mine_texts(texts)
        statics = _without_stamps(statics) if clock else statics
    rows: list[list[str]] = []
    for text in texts:
        slots: list[str] = []
        if match_statics(statics, text, slots):
            rows.append(slots)
    holds = tuple(map(_holds, zip(*rows, strict=True)))
    return SkeletonMessage(role, statics, holds if any(holds) else ())


def _dated(texts: Sequence[str]) -> tuple[str, ...] | None:
    """The statics of texts that differ in nothing but their stamps; None where they differ in more, or not at all."""
    if len(set(texts)) == 1:
        return None
    pieces = tuple(split_at_stamps(texts[0]))
    telling = all(_telling(tokenise(piece)) for piece in pieces[1:-1])
    same = telling and len(pieces) > 1 and all(tuple(split_at_stamps(text)) == pieces for text in texts)
    return pieces if same else None


def _holds(contents: Sequence[str]) -> Holds:
    """What all these contents of a slot are."""
    if all(map(is_stamp, contents)):
        return Stamp()
    objects = [parsed for content in contents if (parsed := read_object(content)) is not None]
    return shape_of(objects) if len(objects) == len(contents) else None


def _without_stamps(statics: Sequence[str]) -> tuple[str, ...]:
    """The statics with slots in place of their stamps; one stays whole where a piece that says nothing, and so could
    be found anywhere, would come to stand between two slots.
    """
    found: list[str] = []
    for at, static in enumerate(statics):
        pieces = split_at_stamps(static)
        inner = pieces[at == 0 : len(pieces) - (at == len(statics) - 1)]
        found += pieces if all(_telling(tokenise(piece)) for piece in inner) else [static]
    return tuple(found)


def mine_texts(texts: Sequence[str]) -> tuple[str, ...]:
    """The statics of one message: one where all texts are equal, else the ends (may be empty) and what lies between."""
    if len(set(texts)) == 1:
        return (texts[0],)
    rows = _rows(texts)
    first = _before_slot(rows[0][: common_prefix(rows)])
    rows = [row[len(first) :] for row in rows]
    reverse = [row[::-1] for row in rows]
    last = _after_slot(reverse[0][: common_prefix(reverse)][::-1])
    rows = [row[: len(row) - len(last)] for row in rows]
    return tuple("".join(static) for static in (first, *_inner(rows), last))


def _rows(texts: Sequence[str]) -> list[Tokens]:
    """The tokens of each text. Where all hold as many JSON objects, each that differs is one token."""
    found = [spans(text) for text in texts]
    if len(set(map(len, found))) != 1 or not 0 < len(found[0]) <= MAX_OBJECTS:
        return [tokenise(text) for text in texts]
    columns = zip(*([text[a:b] for a, b in at] for text, at in zip(texts, found, strict=True)), strict=True)
    varied = [len(set(column)) > 1 for column in columns]
    return [
        _tokens(text, [span for span, differs in zip(at, varied, strict=True) if differs])
        for text, at in zip(texts, found, strict=True)
    ]


def _tokens(text: str, whole: Sequence[tuple[int, int]]) -> Tokens:
    tokens: list[str] = []
    done = 0
    for start, end in whole:
        tokens += [*tokenise(text[done:start]), text[start:end]]
        done = end
    return (*tokens, *tokenise(text[done:]))


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

    "Text: I" loses the "I" with which all texts happened to begin, "part-2025-" what may belong to a longer number.
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
