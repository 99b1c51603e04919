"""Examples that a caller picks anew for each call: retrieved few-shot examples. They are no part of the input.

They are told from the text to classify, and from a conversation, by where they come from: a pool. What one call shows
first another shows third, while the text that is asked about comes once. Knows nothing of labels.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence

from shadowbert.domain.template import Prompt, Skeleton, SkeletonMessage

RECURRING = 0.2
"""Share of what is shown that other calls show too."""
WANDERING = 0.25
"""Share of the recurring that stands in different places."""
_MIN_WORDS = 3
"""A shorter line recurs by chance."""

Place = tuple[int, ...]
Shown = Iterable[tuple[Hashable, int, Place]]
"""What is shown, by which sample, and where."""


def changing_turns(prompts: Sequence[Prompt]) -> frozenset[int]:
    """The messages that are examples which change: turns of a user with the answers of an assistant."""
    roles = [message.role for message in prompts[0]]
    pairs = [at for at in range(len(roles) - 2) if roles[at : at + 2] == ["user", "assistant"]]
    changing = [at for at in pairs if len({prompt[at : at + 2] for prompt in prompts}) > 1]
    spoken = any(len({prompt[at + 1].text for prompt in prompts}) > 1 for at in changing)
    if not spoken or "user" not in roles[changing[-1] + 2 :]:
        return frozenset()
    shown = [(prompt[at : at + 2], n, (at,)) for n, prompt in enumerate(prompts) for at in changing]
    pooled = recurring(shown) >= RECURRING and wandering(shown) >= WANDERING
    return frozenset(at + step for at in changing for step in (0, 1)) if pooled else frozenset()


def without_changing(skeleton: Skeleton, contents: Sequence[tuple[str, ...]]) -> Skeleton:
    """The same skeleton with the slots excluded that hold changing examples; they end before the last slot.

    `contents` are those of all slots in each sample. Within a message the examples become one slot, so that their
    number may change too, unless what stands after them also stands between them.
    """
    if skeleton.excluded or skeleton.slots != sum(len(message.statics) - 1 for message in skeleton.messages):
        return skeleton
    region = _region(contents)
    if not region:
        return skeleton
    plain = Skeleton(skeleton.messages, tuple(region))
    owners = [(at, slot) for at, m in enumerate(skeleton.messages) for slot in range(len(m.statics) - 1)]
    if len({owners[slot][0] for slot in region}) > 1:
        return plain
    (at, start), (_, end) = owners[region[0]], owners[region[-1]]
    joined = _joined(skeleton.messages[at], start, end)
    marker, between = joined.statics[start + 1], skeleton.messages[at].statics[start + 1 : end + 1]
    shown = [text for row in contents for text in row[region[0] : region[-1] + 1]]
    if any(marker in text or text in marker for text in between) or any(marker in text for text in shown):
        return plain
    messages = (*skeleton.messages[:at], joined, *skeleton.messages[at + 1 :])
    return Skeleton(messages, (region[0],))


def _joined(message: SkeletonMessage, start: int, end: int) -> SkeletonMessage:
    """The message with one slot in place of those from `start` to `end`."""
    holds = (*message.holds[:start], None, *message.holds[end + 1 :]) if message.holds else ()
    statics = (*message.statics[: start + 1], *message.statics[end + 1 :])
    return SkeletonMessage(message.role, statics, holds if any(holds) else ())


def _region(contents: Sequence[tuple[str, ...]]) -> range:
    """The slots from the first example to the last; empty where nothing wanders, or the last slot does so too."""
    lines = [[_lines(slot) for slot in row] for row in contents]
    shown = [
        (line, n, (slot, number))
        for n, row in enumerate(lines)
        for slot, texts in enumerate(row)
        for number, line in enumerate(texts)
        if len(line.split()) >= _MIN_WORDS
    ]
    last = len(contents[0]) - 1
    before = [one for one in shown if one[2][0] != last]
    share = recurring(before)
    if share < RECURRING or wandering(before) < WANDERING:
        return range(0)
    if recurring([one for one in shown if one[2][0] == last]) > share / 2:
        return range(0)
    seeds = [s for s in range(last) if recurring([one for one in before if one[2][0] == s]) >= RECURRING]
    return range(seeds[0], _end(seeds, lines, last)) if seeds else range(0)


def _end(seeds: Sequence[int], lines: Sequence[Sequence[Sequence[str]]], last: int) -> int:
    """After the last example; its label still belongs to it when all such labels stand between the others."""
    inside = {line for row in lines for slot in range(seeds[0], seeds[-1] + 1) for line in row[slot]}
    end = seeds[-1] + 1
    while end < last and all(line in inside for row in lines for line in row[end]):
        end += 1
    return end


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _samples(shown: Shown) -> Mapping[Hashable, set[int]]:
    by: dict[Hashable, set[int]] = defaultdict(set)
    for what, sample, _ in shown:
        by[what].add(sample)
    return by


def recurring(shown: Sequence[tuple[Hashable, int, Place]]) -> float:
    """The share of what is shown that several samples show.

    >>> recurring([("a", 0, (0,)), ("b", 0, (1,)), ("a", 1, (1,)), ("c", 1, (0,))])
    0.5
    """
    by = _samples(shown)
    return sum(len(by[what]) > 1 for what, _, _ in shown) / max(1, len(shown))


def wandering(shown: Sequence[tuple[Hashable, int, Place]]) -> float:
    """The share of what several samples show that stands in different places.

    >>> wandering([("a", 0, (0,)), ("b", 0, (1,)), ("a", 1, (1,)), ("b", 1, (1,))])
    0.5
    """
    places: dict[Hashable, set[Place]] = defaultdict(set)
    for what, _, place in shown:
        places[what].add(place)
    known = [what for what, samples in _samples(shown).items() if len(samples) > 1]
    return sum(len(places[what]) > 1 for what in known) / max(1, len(known))
