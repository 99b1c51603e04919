"""The certifier that all students share, so that only the student differs.

Knows confidences and agreement, no student and no stream.
"""

from collections.abc import Sequence
from itertools import accumulate

from shadowbert.gating.bounds import upper
from shadowbert.gating.threshold import Scored

LEVELS = 50
LEAST_ROWS, LEAST_SHARE = 45, 0.05
DELTA = 0.1


def certify(rows: Sequence[Scored], *, allowed: float) -> float | None:
    """The lowest confidence passed by fixed-sequence Clopper-Pearson; None where not even the surest rows pass.

    From the surest 45 rows (or 5 %) on, 50 evenly growing slices are tested at level 0.1 until one fails (Angelopoulos
    et al. 2021, arXiv 2110.01052, fixed-sequence testing). Equal confidences never part. 45 rows without an error
    are just enough for 5 %, and with one they are not:

    >>> certify([Scored(0.9, True)] * 45, allowed=0.05), certify([Scored(0.9, True)] * 44, allowed=0.05)
    (0.9, None)
    >>> certify([Scored(0.9, True)] * 44 + [Scored(0.9, False)], allowed=0.05)
    """
    ranked = sorted(rows, key=lambda row: -row.confidence)
    errors = list(accumulate(not row.agreed for row in ranked))
    passed = None
    for count in levels(len(ranked)):
        confidence = ranked[count - 1].confidence
        while count < len(ranked) and ranked[count].confidence == confidence:
            count += 1  # noqa: PLW2901 - the slice takes in all of equal confidence
        if upper(errors[count - 1], count, delta=DELTA) > allowed:
            break
        passed = confidence
    return passed


def levels(rows: int) -> list[int]:
    """How many rows each slice has.

    >>> levels(44), levels(46), levels(940)[:3], levels(940)[-1], len(levels(940))
    ([], [45, 46], [47, 65, 83], 940, 50)
    """
    least = max(LEAST_ROWS, round(LEAST_SHARE * rows))
    if rows < least:
        return []
    return sorted({round(least + (rows - least) * step / (LEVELS - 1)) for step in range(LEVELS)})
