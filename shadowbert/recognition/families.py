"""Tells the prompts of several templates apart before any of them is mined.

Prompts of one template share its wording. What many share and others lack is the wording of another template, or what
callers put in by themselves: a user's name, a profile, a signature. Knows nothing of contracts.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from shadowbert.domain.template import Message, Prompt, Skeleton
from shadowbert.recognition.mining import mine
from shadowbert.recognition.stamps import without_stamps
from shadowbert.recognition.template import match

INSTRUCTING = ("system", "developer", "instructions")

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
Which = Callable[[Message], bool]


def split(prompts: Sequence[Prompt], *, sample: int = 60) -> list[Family]:
    """The prompts by template, the largest family first. Give them distinct and of one sequence of roles.

    First by their instructions, which hold no examples and no texts as a rule; then each family by all its wording.
    """
    everybody = list(range(len(prompts)))
    found = [
        [family[at] for at in part]
        for family in _split(prompts, everybody, _instructs, sample)
        for part in _split([prompts[at] for at in family], list(range(len(family))), _any, sample)
    ]
    return sorted(found, key=len, reverse=True)


def _instructs(message: Message) -> bool:
    return message.role in INSTRUCTING


def _any(_: Message) -> bool:
    return True


def _split(prompts: Sequence[Prompt], everybody: Family, which: Which, sample: int) -> list[Family]:
    families = _families(prompts, which)
    return [everybody] if len(families) < 2 or _are_one(prompts, families, sample) else families


def _are_one(prompts: Sequence[Prompt], families: Sequence[Family], sample: int) -> bool:
    """Whether one template fits all prompts about as well as the templates of the large families fit them."""
    whole = mine(_spread(prompts, sample))
    if whole is None:
        return False
    if len(families[0]) * CROWD <= len(prompts):
        return _words(whole) > 0 or len(prompts) >= PATIENCE
    large = [[prompts[at] for at in family] for family in families if 2 * CROWD * len(family) >= len(prompts)]
    own = [mine(family[-sample:]) for family in large]
    alike = [_alike(whole, skeleton) for skeleton in own]
    fits = [_fits(own[0], family) for family in large[1:]]
    return all(a or f for a, f in zip(alike[1:], fits, strict=True)) and (alike[0] or all(fits))


def _alike(whole: Skeleton, own: Skeleton | None) -> bool:
    """Whether a family's own template says hardly more than what all prompts share."""
    lost = _words(own) - _words(whole) if own else SLACK + 1
    return lost <= SLACK and _words(whole) >= 2 * lost and _words(whole) > 0


def _fits(skeleton: Skeleton | None, prompts: Sequence[Prompt]) -> bool:
    if skeleton is None or not _words(skeleton):
        return False
    return all(match(skeleton, prompt) is not None for prompt in prompts)


def _families(prompts: Sequence[Prompt], which: Which) -> list[Family]:
    """Each prompt joins the first family whose first member has most of its wording."""
    families: list[tuple[frozenset[Run], Family]] = []
    for at, wording in enumerate(_wordings(prompts, which)):
        for first, family in families:
            if len(first & wording) >= LIKE * len(first | wording):
                family.append(at)
                break
        else:
            families.append((wording, [at]))
    return sorted((family for _, family in families), key=len, reverse=True)


def _wordings(prompts: Sequence[Prompt], which: Which) -> list[frozenset[Run]]:
    """Of each prompt, the runs of words that many share but not all; none where they are few."""
    by_text = {(at, m.text): frozenset(_runs(at, m)) for prompt in prompts for at, m in enumerate(prompt) if which(m)}
    runs = [frozenset().union(*(by_text[at, m.text] for at, m in enumerate(prompt) if which(m))) for prompt in prompts]
    seen = Counter(run for said in runs for run in said)
    telling = {run for run, count in seen.items() if MANY <= count < len(prompts)}
    found = [said & telling for said in runs]
    return [wording if len(wording) >= RUN else frozenset() for wording in found]


def _runs(at: int, message: Message) -> list[Run]:
    """Every few words in a row; an instruction of few words counts as a whole."""
    words = ["^", *without_stamps(message.text).split(None, MAX_WORDS)[:MAX_WORDS], "$"]
    runs = [(at, " ".join(words[i : i + RUN])) for i in range(len(words) - RUN + 1)]
    short = _instructs(message) and len(words) < 2 * RUN
    return [*runs, *((at, f"{n} {' '.join(words)}") for n in range(RUN))] if short else runs


def _spread(prompts: Sequence[Prompt], most: int) -> list[Prompt]:
    """Prompts of all times: the latest alone may be of one family."""
    return list(prompts[:: max(1, len(prompts) // most)])


def _words(skeleton: Skeleton) -> int:
    return sum(len(static.split()) for message in skeleton.messages for static in message.statics)
