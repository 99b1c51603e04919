"""Do clients ask again more often after the student's answers than after the LLM's? An alarm of its own, in canary.

There a keyed hash of each input, which no client can know, says whether the student may answer it. So the inputs that
it may not answer, though it was sure of them, are a control group by lot. Each input counts once a step: whether its
first answer was followed by the same input from the same caller within a minute. Knows the two counts and the share.

Assumption: while it makes no difference who answers, an input that is asked again was the student's with a chance of
at most the share, whatever came before: only the lot decides. How often clients repeat inputs by themselves cancels
out, and so does a client that always does. With l of the student's and m of the control group's inputs asked again

    E(l, m) = mean over r of (q_r / s)^l ((1 - q_r) / (1 - s))^m,    q_r = s r / (s r + 1 - s), r = 2, 4, ..., 64

where r is how many times as often they ask again after the student. The chance that it ever reaches 1/alpha within a
step, however often anybody looks, is at most alpha (Ville 1939): 10 % for holding the step up, 1 % for the alarm. Lots
of another step are not fresh for inputs that come again, so the two steps add up to at most 2 % by the union bound.
"""

import math
from dataclasses import dataclass

from shadowbert.gating.wording import percent

RATIOS = (2, 4, 8, 16, 32, 64)
HOLD_AT = 10.0
ALARM_AT = 100.0


@dataclass(frozen=True, slots=True)
class Repeats:
    """Inputs that were asked again after their first answer in this step, by who gave it."""

    student: int = 0
    llm: int = 0

    def words(self, share: float) -> str:
        """For people.

        >>> Repeats(student=5, llm=1).words(0.05)
        'clients asked again within a minute for 5 inputs that it answered and 1 that the LLM did, by lot 5 % of them'
        """
        return (
            f"clients asked again within a minute for {self.student} input{'' if self.student == 1 else 's'} that it "
            f"answered and {self.llm} that the LLM did, by lot {percent(share)} of them"
        )


NO_REPEATS = Repeats()


def e_value(repeats: Repeats, share: float) -> float:
    """The evidence that the student's answers make clients ask again. No lot, no evidence.

    >>> [round(e_value(Repeats(student=n), 0.05)) for n in (1, 2, 3)]
    [8, 88, 1111]
    >>> e_value(Repeats(student=5, llm=95), 0.05) < 1, e_value(Repeats(student=9), 1.0)
    (True, 0.0)
    """
    if not 0 < share < 1:
        return 0.0
    logs = [_log_e(repeats, share, share * ratio / (share * ratio + 1 - share)) for ratio in RATIOS]
    top = max(logs)
    return math.exp(min(top, 700.0)) * sum(math.exp(log - top) for log in logs) / len(logs)


def _log_e(repeats: Repeats, share: float, q: float) -> float:
    return repeats.student * math.log(q / share) + repeats.llm * math.log((1 - q) / (1 - share))
