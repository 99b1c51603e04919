"""Is a challenger worse than the champion on some label? A paired test on the rows both were asked.

Only rows on which exactly one of the two agrees with the teacher say anything. Null, per label: given the past, such a
row is at least as likely to be the challenger's as the champion's win. Each label's test is the mixture e-process of
`eprocess` on the champion's wins against 1/2, at alpha divided by the number of labels seen (union bound), so it is
valid at every look.
"""

from collections import defaultdict
from collections.abc import Iterable

from shadowbert.domain.evidence import Counts, Pair
from shadowbert.gating.eprocess import passes

EVEN = 0.5


def shown_worse(pairs: Iterable[Pair], *, alpha: float) -> tuple[int, ...] | None:
    """The first label on which the challenger is shown to be worse; None where there is no such label.

    >>> pair = Pair((0,), champion=True, challenger=False)
    >>> shown_worse([pair] * 5, alpha=0.05), shown_worse([pair] * 8, alpha=0.05)
    (None, (0,))
    """
    wins: dict[tuple[int, ...], list[int]] = defaultdict(lambda: [0, 0])
    for pair in pairs:
        tally = wins[pair.label]
        tally[0] += pair.champion and not pair.challenger
        tally[1] += pair.challenger and not pair.champion
    share = alpha / max(1, len(wins))
    return next((label for label, (c, d) in sorted(wins.items()) if passes(Counts(c, d), EVEN, alpha=share)), None)
