"""At what rate should we audit now, and why? The rate follows what is already known, so the tests stay valid.

Every reason only buys audits: what demotes and what promotes is decided elsewhere, on the evidence. Knows no store.
"""

from dataclasses import dataclass

from shadowbert.domain.evidence import Counts
from shadowbert.domain.task import Policy
from shadowbert.gating.eprocess import rows_at_share
from shadowbert.gating.wording import percent

SUSPICIOUS_AUDIT_RATE = 0.5
"""Agreement may have fallen."""
CHANGED_AUDIT_RATE, CHANGED_AUDITS = 0.25, 100
"""Something else has changed, until so many audits show whether agreement has."""
WORTHWHILE = 0.02
"""Coverage that a challenger must add: a swap for less is luck, and costs the champion's history."""
BUDGET = 1_000
"""Rows of a challenger's slice for which more audits are paid; a student two points above a target of 95 % passes in
839 rows at the median, one three points above in 305.
"""
KNOWN = 100
"""Rows from which on a challenger is judged by its own agreement and coverage rather than by hopes."""


@dataclass(frozen=True, slots=True)
class Audits:
    """The rate that replaces the policy's; None where that one will do. `why` is for people."""

    rate: float | None = None
    why: str = ""


NO_MORE = Audits()


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenger's evidence beside the champion, as far as audits are worth buying for it."""

    counts: Counts
    """Distinct rows of its slice: what its promotion rests on."""
    rows: int
    """All uniform rows of its slice."""
    coverage: float
    champion: float
    """The champion's coverage."""
    alpha: float
    """Its share."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known that may ask for more audits."""

    suspicious: bool = False
    signed_anew: bool = False
    """The teacher signs its replies as another model, and few audits have come since."""
    escalations: str = ""
    """How the share of calls that the student is sure of has changed; empty where it has not."""
    to_judge: int | None = None
    """Uniform rows that a challenger waits for."""


def audits(signals: Signals, policy: Policy) -> Audits:
    """The highest rate that anything asks for, with all that asks for more than the policy's.

    >>> audits(Signals(suspicious=True, to_judge=1200), Policy())
    Audits(rate=0.5, why='the latest audits look like a fall of agreement; until the new student is judged: about \
960 more calls to the LLM')
    >>> audits(Signals(), Policy()), audits(Signals(signed_anew=True), Policy(audit_rate=0.3))
    (Audits(rate=None, why=''), Audits(rate=None, why=''))
    """
    asked = [(rate, why) for rate, why in _asked(signals, policy) if rate > policy.audit_rate]
    if not asked:
        return NO_MORE
    return Audits(max(rate for rate, _ in asked), "; ".join(why for _, why in asked))


def _asked(signals: Signals, policy: Policy) -> list[tuple[float, str]]:
    asked = []
    if signals.suspicious:
        asked.append((SUSPICIOUS_AUDIT_RATE, "the latest audits look like a fall of agreement"))
    if signals.signed_anew:
        asked.append((CHANGED_AUDIT_RATE, "the LLM signs its replies as another model"))
    if signals.escalations:
        asked.append((CHANGED_AUDIT_RATE, signals.escalations))
    rate = policy.challenger_audit_rate
    if signals.to_judge is not None and rate:
        more = round(signals.to_judge * max(0.0, 1 - policy.audit_rate / rate))
        asked.append((rate, f"until the new student is judged: about {more:,} more calls to the LLM"))
    return asked


def worth_auditing(challenge: Challenge, policy: Policy) -> int | None:
    """How many uniform rows the challenger should be given at the raised rate; None where it is not worth them.

    To judge it takes the same number of audits at any rate: a raised one brings them forward. The calls that come in
    the meantime cost the champion's coverage on the audits among them, and the new student's further coverage is won
    the sooner, so that what is won over what is paid is gain / (policy's rate * champion's coverage), whatever the
    raised rate is. It must at least be paid back twice, for every second bet is lost; and never by less than
    WORTHWHILE. It ends after BUDGET rows, or as soon as the present agreement would not pass within them.

    >>> hoped = Challenge(Counts(), rows=0, coverage=0.7, champion=0.6, alpha=0.05 / 6)
    >>> worth_auditing(hoped, Policy())
    856
    >>> worth_auditing(Challenge(Counts(90, 10), rows=100, coverage=0.7, champion=0.6, alpha=0.05 / 6), Policy())
    """
    gain = challenge.coverage - challenge.champion
    if gain < max(WORTHWHILE, 2 * policy.audit_rate * challenge.champion) or challenge.coverage <= 0:
        return None
    counts, known = challenge.counts, challenge.counts.rows >= KNOWN
    hoped = counts.share if known and counts.share is not None else (1 + policy.target) / 2
    rows = rows_at_share(counts, policy.target, alpha=challenge.alpha, share=hoped)
    distinct = 0 if rows is None else max(rows, policy.min_rows - counts.rows)
    left = BUDGET - challenge.rows
    needed = distinct * (challenge.rows / counts.rows if known else 1.0)
    if min(needed, left) <= 0 or (known and needed > left):
        return None  # it has passed, it would never, or it has had what it was worth
    return round(min(needed, left) / challenge.coverage)


def raised(rate: float, why: str) -> str:
    """For people.

    >>> raised(0.25, "the LLM signs its replies as another model")
    'audits raised to 25 %: the LLM signs its replies as another model'
    """
    return f"audits raised to {percent(rate)}{f': {why}' if why else ''}"
