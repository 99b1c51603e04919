"""Tells the prompts of several templates apart before any of them is mined.

Prompts of one template share its wording. What many share and others lack is the wording of another template, or what
callers put in by themselves: a user's name, a profile, a signature. Knows nothing of contracts.
"""

from collections import Counter
from collections.abc import Sequence

from shadowbert.domain.template import Prompt, Skeleton
from shadowbert.recognition.mining import mine
from shadowbert.recognition.stamps import without_stamps
from shadowbert.recognition.template import match

RUN = 4
"""Words in a row; fewer recur by chance."""
MANY = 3
"""Prompts that share a run of words, before it counts as wording."""
MAX_WORDS = 2_000
"""Of one message; what follows is not compared."""
LIKE = 0.5
"""Share of their common and own wording that two prompts of a family have in common (Jaccard 1901)."""
SLACK = 3
"""Words by which the wording of one template may vary: a name, a city."""
CROWD = 4
"""Where even the largest family has no more than a share of one in so many, they are no templates but contents."""
PATIENCE = 80
"""Prompts without any common wording, until they count as one template: a text alone."""

Run = tuple[int, str]
Family = list[int]
"""Positions of prompts, in order."""


def split(prompts: Sequence[Prompt], *, sample: int = 60) -> list[Family]:
    """The prompts by template, the largest family first. Give them distinct and of one sequence of roles."""
    families = _families(prompts)
    everybody = list(range(len(prompts)))
    return [everybody] if len(families) < 2 or _are_one(prompts, families, sample) else families


def _are_one(prompts: Sequence[Prompt], families: Sequence[Family], sample: int) -> bool:
    """Whether one template fits all prompts about as well as the largest family's own fits that family."""
    whole = mine(_spread(prompts, sample))
    if whole is None:
        return False
    largest = [prompts[at] for at in families[0]]
    if len(largest) * CROWD <= len(prompts):
        return _words(whole) > 0 or len(prompts) >= PATIENCE
    if not _words(whole):
        return False
    own = mine(largest[-sample:])
    if own is None:
        return False
    lost = _words(own) - _words(whole)
    alike = lost <= SLACK and _words(whole) >= 2 * lost
    return alike or (_words(own) > 0 and all(match(own, prompt) is not None for prompt in prompts))


def _families(prompts: Sequence[Prompt]) -> list[Family]:
    """Each prompt joins the first family whose first member has most of its wording."""
    said = _wordings(prompts)
    families: list[tuple[frozenset[Run], Family]] = []
    for at, wording in enumerate(said):
        for first, family in families:
            if len(first & wording) >= LIKE * len(first | wording):
                family.append(at)
                break
        else:
            families.append((wording, [at]))
    return sorted((family for _, family in families), key=len, reverse=True)


def _wordings(prompts: Sequence[Prompt]) -> list[frozenset[Run]]:
    """Of each prompt, the runs of words that many share but not all; none where they are few."""
    by_text = {(at, m.text): frozenset(_runs(at, m.text)) for prompt in prompts for at, m in enumerate(prompt)}
    runs = [frozenset().union(*(by_text[at, m.text] for at, m in enumerate(prompt))) for prompt in prompts]
    seen = Counter(run for mine in runs for run in mine)
    telling = {run for run, count in seen.items() if MANY <= count < len(prompts)}
    found = [mine & telling for mine in runs]
    return [wording if len(wording) >= RUN else frozenset() for wording in found]


def _runs(at: int, text: str) -> list[Run]:
    words = ["^", *without_stamps(text).split(None, MAX_WORDS)[:MAX_WORDS], "$"]
    return [(at, " ".join(words[i : i + RUN])) for i in range(len(words) - RUN + 1)]


def _spread(prompts: Sequence[Prompt], most: int) -> list[Prompt]:
    """Prompts of all times: the latest alone may be of one family."""
    return list(prompts[:: max(1, len(prompts) // most)])


def _words(skeleton: Skeleton) -> int:
    return sum(len(static.split()) for message in skeleton.messages for static in message.statics)
