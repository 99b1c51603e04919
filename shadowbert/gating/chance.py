"""How much of the agreement is more than luck? Measures on a table of (student's label, teacher's label) pairs.

Plain descriptions without a bound, so they may block a promotion and never cause one. They assume nothing about the
order of the rows. Knows label texts only.
"""

from collections import Counter
from collections.abc import Mapping

from shadowbert.domain.evidence import Counts

Confusion = Mapping[tuple[str, str], int]
"""How many rows had (student's label, teacher's label)."""


def agreement(confusion: Confusion) -> Counts:
    same = sum(rows for (student, teacher), rows in confusion.items() if student == teacher)
    return Counts(agree=same, disagree=sum(confusion.values()) - same)


def kappa(confusion: Confusion) -> float | None:
    """Cohen's kappa (1960): agreement beyond what the two label frequencies would give by chance.

    Near 0 under strong skew even where agreement is high (the kappa paradox). None where chance alone gives 1.

    >>> round(kappa({("a", "a"): 20, ("a", "b"): 5, ("b", "a"): 10, ("b", "b"): 15}), 4)
    0.4
    """
    share = agreement(confusion).share
    if share is None:
        return None
    students, teachers = _margins(confusion)
    total = sum(confusion.values())
    chance = sum(rows * teachers[label] for label, rows in students.items()) / total**2
    return None if chance >= 1 else (share - chance) / (1 - chance)


def ac1(confusion: Confusion) -> float | None:
    """Gwet's AC1 (2008): chance agreement taken from how evenly labels are used, so it is stable under skew.

    >>> round(ac1({("a", "a"): 20, ("a", "b"): 5, ("b", "a"): 10, ("b", "b"): 15}), 4)
    0.4059
    """
    share = agreement(confusion).share
    students, teachers = _margins(confusion)
    labels = {*students, *teachers}
    if share is None or len(labels) < 2:
        return None
    doubled = 2 * sum(confusion.values())
    used = [(students[label] + teachers[label]) / doubled for label in labels]
    chance = sum(part * (1 - part) for part in used) / (len(labels) - 1)
    return (share - chance) / (1 - chance)


def macro_f1(confusion: Confusion) -> float | None:
    """The mean over labels of F1, the teacher's labels taken as true: rare labels weigh as much as common ones.

    >>> round(macro_f1({("a", "a"): 20, ("a", "b"): 5, ("b", "a"): 10, ("b", "b"): 15}), 4)
    0.697
    """
    students, teachers = _margins(confusion)
    labels = {*students, *teachers}
    if not labels:
        return None
    scores = [2 * confusion.get((label, label), 0) / (students[label] + teachers[label]) for label in labels]
    return sum(scores) / len(scores)


def majority(confusion: Confusion) -> tuple[str, float] | None:
    """The teacher's commonest label and its share; the first in the alphabet of equals.

    >>> majority({("a", "a"): 20, ("a", "b"): 5, ("b", "a"): 10, ("b", "b"): 15})
    ('a', 0.6)
    """
    _, teachers = _margins(confusion)
    if not teachers:
        return None
    label, rows = min(teachers.items(), key=lambda item: (-item[1], item[0]))
    return label, rows / sum(confusion.values())


def beyond_majority(confusion: Confusion) -> Counts:
    """Agreement among the rows that the teacher did not give its commonest label.

    >>> beyond_majority({("a", "a"): 20, ("a", "b"): 5, ("b", "a"): 10, ("b", "b"): 15})
    Counts(agree=15, disagree=5)
    """
    top = majority(confusion)
    return agreement({pair: rows for pair, rows in confusion.items() if top is None or pair[1] != top[0]})


def _margins(confusion: Confusion) -> tuple[Counter[str], Counter[str]]:
    students: Counter[str] = Counter()
    teachers: Counter[str] = Counter()
    for (student, teacher), rows in confusion.items():
        if rows:
            students[student] += rows
            teachers[teacher] += rows
    return students, teachers
