"""Is the teacher still there? What the audits and escalations of a serving version say that came to nothing.

Knows how calls ended, no rows, no clocks and no stages; what follows from an absence is for others to say.

Assumption: a teacher that is there fails a call with a chance of at most f, whatever became of those before. Then five
failures running come once in 1/f^5 calls, which is one in three million where f is 5 %. Real failures come in bursts,
so they must also span five minutes. A status that names the model as missing is no accident of transport: there three
running are enough.
"""

from collections import Counter
from enum import StrEnum

from shadowbert.domain.evidence import Unanswered
from shadowbert.gating.wording import calls

NO_SUCH_MODEL = frozenset({404, 410})
GONE_AFTER = 3
DOWN_AFTER, DOWN_FOR_S = 5, 300.0


class Absence(StrEnum):
    GONE = "gone"
    """Upstream says that there is no such model."""
    DOWN = "down"
    """It fails, whatever it says, for longer than a while."""


def absence(tried: Unanswered) -> Absence | None:
    """Whether nobody checks the student's answers any more. One answered call ends it.

    >>> str(absence(Unanswered(3, since=10.0, until=11.0, statuses=(404, 404, 410))))
    'gone'
    >>> absence(Unanswered(5, since=0.0, until=299.0, statuses=(503,) * 5)) is None
    True
    >>> str(absence(Unanswered(5, since=0.0, until=300.0, statuses=(503, None, 429, 404, 502))))
    'down'
    """
    if len(tried.statuses) >= GONE_AFTER and NO_SUCH_MODEL.issuperset(tried.statuses[:GONE_AFTER]):
        return Absence.GONE
    lasting = tried.calls >= DOWN_AFTER and tried.until - tried.since >= DOWN_FOR_S
    return Absence.DOWN if lasting else None


def why(tried: Unanswered) -> str:
    """What the failures say, in words.

    >>> why(Unanswered(12, statuses=(404, 404, 404, 503)))
    'the LLM is gone: upstream knows its model no more (12 audits and escalations failed, the latest with status 404)'
    >>> why(Unanswered(9, statuses=(503, None, 503)))
    'the LLM does not answer (9 audits and escalations failed, the latest with status 503)'
    >>> why(Unanswered(1, statuses=(None,)))
    'the LLM does not answer (1 audit or escalation failed, without any reply)'
    """
    gone = absence(tried) is Absence.GONE
    who = "the LLM is gone: upstream knows its model no more" if gone else "the LLM does not answer"
    return f"{who} ({_count(tried.calls)} failed, {_ended(tried)})"


def _count(number: int) -> str:
    return f"{number:,} audits and escalations" if number != 1 else "1 audit or escalation"


def _ended(tried: Unanswered) -> str:
    """How the latest of them ended: with what most of them did."""
    status = Counter(tried.statuses).most_common(1)[0][0] if tried.statuses else None
    return "without any reply" if status is None else f"the latest with status {status}"


def unchecked(local: int) -> str:
    """How many answers nobody could check.

    >>> unchecked(1), unchecked(1200)
    ('1 call was answered locally since then', '1,200 calls were answered locally since then')
    """
    return f"{local:,} {calls(local)} {'was' if local == 1 else 'were'} answered locally since then"
