"""Which labels of a slice are shown to be bad, and which are certified by themselves? Rare ones stay pooled.

A row counts for each label in what the student said, one a field, and agrees where the whole answer does. Knows counts
and the order of rows; not where rows come from, nor what becomes of a label.

Null, for each label: every row with it agrees with probability at least `floor`, two points below the target, given all
rows before it. The test is the mirrored one of `eprocess` at alpha divided by the labels that the slice may hold, a
number fixed before the first row. So the chance that any label at or above the floor is ever shown bad is at most
alpha, however often anybody looks (Ville and a union bound). At least five disagreements are asked for besides, for the
assumption is at its weakest over a handful of rows. Of three labels, one that agrees on 70 % is shown bad after 23 rows
of its own in the median and 51 in nine of ten streams (target 95 %, alpha 5 %); of 77 labels after 37 and 70. One at
the target itself, where leaving would be unjust, leaves in 1 of 2,000 streams of 2,000 rows; one at the floor in 7.

What remains may claim what the whole has shown on the same rows. The agreement p of the whole is a mean over its parts,
p = w b + (1 - w) r with b of the label that leaves and r of the rest; so b < p gives r > p. A label shown bad lies two
points below the target; where the whole has passed the target, the rest lies above it, too. Nothing follows without
that pass, nor for a label that was good when the whole passed and fell later: it may be what had carried the whole.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shadowbert.domain.contract import Answer
from shadowbert.domain.evidence import Counts, Departure
from shadowbert.gating.drift import DriftDetector, tau_down
from shadowbert.gating.eprocess import fails, log_e_value, passes

CERTIFIED_FROM = 30
"""Rows of its own from which on a label may be called certified by itself."""
LEAST_DISAGREEMENTS = 5
LATEST = 50
"""Rows of a label by which people are told of its fall."""

Pair = tuple[int, int]
"""A field and a label of it."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What labels are held to."""

    target: float
    alpha: float
    labels: int
    """How many the slice may hold."""

    @property
    def floor(self) -> float:
        return tau_down(self.target)

    def bad(self, counts: Counts) -> bool:
        """Whether a label is shown to agree less often than the floor.

        >>> bar = Bar(0.95, alpha=0.05, labels=3)
        >>> bar.bad(Counts(agree=24, disagree=6)), bar.bad(Counts(agree=20, disagree=10))
        (False, True)
        """
        return counts.disagree >= LEAST_DISAGREEMENTS and fails(counts, self.floor, alpha=self.alpha / self.labels)

    def certifies(self, counts: Counts) -> bool:
        """Whether a label is shown to be above the target without the others' help: a mark, and no more.

        >>> bar = Bar(0.95, alpha=0.05, labels=3)
        >>> bar.certifies(Counts(agree=97)), bar.certifies(Counts(agree=98))
        (False, True)
        """
        return counts.rows >= CERTIFIED_FROM and passes(counts, self.target, alpha=self.alpha / self.labels)


def by_label(rows: Mapping[Answer, Counts]) -> dict[Pair, Counts]:
    """Of the counts of whole answers, those of each label.

    >>> by_label({(0, 1): Counts(agree=5), (0, 2): Counts(disagree=1)})[0, 0]
    Counts(agree=5, disagree=1)
    """
    found: dict[Pair, Counts] = {}
    for answer, counts in rows.items():
        for pair in enumerate(answer):
            had = found.get(pair, Counts())
            found[pair] = Counts(had.agree + counts.agree, had.disagree + counts.disagree)
    return found


def leaving(rows: Mapping[Answer, Counts], bar: Bar) -> tuple[Departure, ...]:
    """The labels that are shown bad, worst first.

    With each that leaves its rows go, too: another one that looked bad for its sake stays. The test is on all rows of a
    label all the same, for those that are left were chosen by looking.

    >>> rows = {(0, 0): Counts(agree=90), (1, 0): Counts(agree=5, disagree=25), (1, 1): Counts(agree=40)}
    >>> [(gone.field, gone.label) for gone in leaving(rows, Bar(0.95, alpha=0.05, labels=4))]
    [(0, 1)]
    """
    shown = {pair: counts for pair, counts in by_label(rows).items() if bar.bad(counts)}
    found: list[Departure] = []
    left = dict(rows)
    while worst := _worst(left, shown, bar):
        found.append(Departure(*worst, shown.pop(worst)))
        left = {answer: counts for answer, counts in left.items() if worst not in enumerate(answer)}
    return tuple(found)


def _worst(rows: Mapping[Answer, Counts], among: Iterable[Pair], bar: Bar) -> Pair | None:
    counts = by_label(rows)
    still = [pair for pair in among if pair in counts and bar.bad(counts[pair])]
    return max(still, key=lambda pair: (against(counts[pair], bar.floor), pair), default=None)


def without(rows: Mapping[Answer, Counts], gone: Iterable[Departure]) -> Counts:
    """What is left of the pool."""
    pairs = {(departure.field, departure.label) for departure in gone}
    kept = [counts for answer, counts in rows.items() if pairs.isdisjoint(enumerate(answer))]
    return Counts(sum(counts.agree for counts in kept), sum(counts.disagree for counts in kept))


def against(counts: Counts, share: float) -> float:
    """Natural logarithm of the evidence that agreement is below this share."""
    return log_e_value(Counts(counts.disagree, counts.agree), 1 - share)


@dataclass(slots=True)
class LabelWatch:
    """The labels of a slice that serves, shown its rows one by one: first those that it was promoted on, then audits.

    A label leaves when all of its rows show it bad, or when they did not and it has fallen since: each has a drift
    detector of its own, at whose bar a label at the floor or above is taken for fallen once in 10,000 audits of its own
    or less often. Of those that fell one leaves at a time.
    """

    bar: Bar
    _rows: dict[Answer, Counts] = field(default_factory=dict)
    _detectors: dict[Pair, DriftDetector] = field(default_factory=dict)
    _latest: defaultdict[Pair, deque[bool]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=LATEST)))

    def update(self, answer: Answer, agreed: bool) -> None:  # noqa: FBT001 - a row is its one bit
        had = self._rows.get(answer, Counts())
        self._rows[answer] = Counts(had.agree + agreed, had.disagree + (not agreed))
        for pair in enumerate(answer):
            self._detectors.setdefault(pair, DriftDetector(self.bar.floor)).update(agreed)
            self._latest[pair].append(agreed)

    def leaving(self) -> tuple[Departure, ...]:
        if bad := leaving(self._rows, self.bar):
            return bad
        fallen = [pair for pair, detector in self._detectors.items() if detector.alarm]
        worst = max(fallen, key=lambda pair: (self._detectors[pair].value, pair), default=None)
        if worst is None:
            return ()
        latest = self._latest[worst]
        return (Departure(*worst, Counts(sum(latest), len(latest) - sum(latest)), fell=True),)
