"""How verdicts speak: the same few phrases for counts, shares and what is missing."""

import math
from datetime import UTC, datetime

from shadowbert.domain.evidence import Counts
from shadowbert.domain.task import Policy


def percent(share: float) -> str:
    """One decimal, and none where it would be 0; never rounded up to a 100 % that is not one.

    >>> percent(0.95), percent(0.9558), percent(0.99999), percent(1.0)
    ('95 %', '95.5 %', '99.9 %', '100 %')
    """
    return f"{math.floor(share * 1000 + 1e-9) / 10:g} %"


def with_whom(policy: Policy) -> str:
    """Follows on "agree" where that is not with the LLM."""
    return " with people" if policy.by_people else ""


def calls(rows: int) -> str:
    return "call" if rows == 1 else "calls"


def seen(counts: Counts) -> str:
    """Counts as people read them.

    >>> seen(Counts(agree=490, disagree=10)), seen(Counts())
    ('490 of 500 agree (98 %)', 'no rows yet')
    """
    if counts.share is None:
        return "no rows yet"
    return f"{counts.agree} of {counts.rows} agree ({percent(counts.share)})"


def missing_rows(if_all_agree: int, at_share: int | None, rows_per_day: float | None) -> str:
    """What a candidate waits for; `at_share` is None where the present agreement never leads to a pass.

    >>> missing_rows(42, 42, None)
    'about 42 more agreeing calls'
    >>> missing_rows(42, 180, 60.0)
    'about 42 more agreeing calls, or about 180 calls at the present agreement (about 3 days)'
    >>> missing_rows(90, None, 60.0)
    'about 90 more agreeing calls; at the present agreement it would never pass'
    """
    text = f"about {if_all_agree} more agreeing {calls(if_all_agree)}"
    if at_share is None:
        return f"{text}; at the present agreement it would never pass"
    if at_share > if_all_agree:
        text += f", or about {at_share} {calls(at_share)} at the present agreement"
    return text + (f" ({duration(at_share / rows_per_day)})" if rows_per_day else "")


def moment(at: float) -> str:
    """Unix seconds as people read them.

    >>> moment(1_760_000_000.0)
    '2025-10-09 08:53:20 UTC'
    """
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def duration(days: float) -> str:
    """A time to wait, never rounded down.

    >>> duration(1.4), duration(0.02)
    ('about 2 days', 'about 1 hour')
    """
    amount, unit = (days, "day") if days >= 1 else (days * 24, "hour")
    whole = max(1, math.ceil(amount))
    return f"about {whole} {unit}{'' if whole == 1 else 's'}"
